package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	amplify    = 512  // bytes of memory that a decode may allocate per byte of input
	allowance  = 1024 // and this many bytes in addition
	maxMemory  = math.MaxInt / 2
	ratioPlain = 256 // memory per byte of encoding in slices and behind pointers; see share
	ratioMap   = 32  // a map has room for 8 entries when it holds one
)

var (
	errTooDeep = &limitError{"the value is nested more than %d levels deep: break the cycle, if it has one, or send a flat form such as a slice", maxDepth}
	errEnd     = errors.New("the input ends within the value")
	errVarint  = errors.New("not the shortest varint of 64 bits")
	errBool    = errors.New("a bool that is neither 0 nor 1")
	errPadding = errors.New("padding that is not zero")
	errNil     = errors.New("a pointer that is neither 0 (nil) nor 1")
	errTwice   = errors.New("a map key that occurs twice")
	errMemory  = &limitError{"the input claims more than %d bytes of memory per byte", amplify}
)

// limitError says that a limit was exceeded. Its text is made when it is read:
// a worker that never reads it spends nothing on it.
type limitError struct {
	format string
	limit  int
}

func (e *limitError) Error() string { return fmt.Sprintf(e.format, e.limit) }

// decoder reads one input and counts what decoding may still cost.
type decoder struct {
	buf    []byte
	off    int
	depth  int    // levels of recursion left
	budget uint64 // bytes of memory that may still be allocated
	block  []byte // of text
	borrow bool   // a payload.Lent refers to buf
}

func newDecoder(b []byte) decoder {
	return decoder{buf: b, depth: maxDepth, budget: uint64(len(b))*amplify + allowance}
}

func (d *decoder) left() int { return len(d.buf) - d.off }

// take consumes n bytes. They still belong to the sender: copy, then check.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.buf)-d.off {
		return nil, errEnd
	}
	b := d.buf[d.off : d.off+n]
	d.off += n
	return b, nil
}

func (d *decoder) byte() (byte, error) {
	if d.off >= len(d.buf) {
		return 0, errEnd
	}
	c := d.buf[d.off]
	d.off++
	return c, nil
}

func (d *decoder) uvarint() (uint64, error) {
	if d.off < len(d.buf) {
		if c := d.buf[d.off]; c < 0x80 {
			d.off++
			return uint64(c), nil
		}
	}
	return d.longUvarint()
}

func (d *decoder) longUvarint() (uint64, error) {
	var v uint64
	for i := 0; i < binary.MaxVarintLen64; i++ {
		c, err := d.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 || c > 1 && i == binary.MaxVarintLen64-1 {
				return 0, errVarint
			}
			return v, nil
		}
	}
	return 0, errVarint
}

func (d *decoder) varint() (int64, error) {
	u, err := d.uvarint()
	return int64(u>>1) ^ -int64(u&1), err
}

// span consumes a length and that many bytes.
func (d *decoder) span() ([]byte, error) {
	n, err := d.uvarint()
	if err != nil {
		return nil, err
	}
	if n > uint64(d.left()) {
		return nil, fmt.Errorf("the length says %d bytes, but %d are left", n, d.left())
	}
	return d.take(int(n))
}

// count consumes the length of a slice or map whose elements take at least min
// bytes each, which is never 0. ok is false for nil.
func (d *decoder) count(min int) (n int, ok bool, err error) {
	u, err := d.uvarint()
	if err != nil || u == 0 {
		return 0, false, err
	}
	u--
	if u > uint64(d.left())/uint64(min) {
		return 0, false, fmt.Errorf("the length says %d elements of at least %d bytes, but %d bytes are left", u, min, d.left())
	}
	return int(u), true, nil
}

// claim charges the budget for n values of size bytes of memory each, before
// they are allocated. A value that takes no more memory than input need not be
// claimed. n is at most the length of the input, size at most a few times
// maxTypeSize, so the product does not overflow.
func (d *decoder) claim(n uint64, size uintptr) error {
	cost := n * uint64(size)
	if cost > d.budget || cost > maxMemory {
		return errMemory
	}
	d.budget -= cost
	return nil
}

func putUvarint(b []byte, v uint64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, v)
}

func putVarint(b []byte, v int64) []byte {
	return putUvarint(b, uint64(v<<1)^uint64(v>>63))
}
