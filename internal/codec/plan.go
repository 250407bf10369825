package codec

import (
	"reflect"
	"strconv"
	"unsafe"
)

const (
	maxDepth    = 1000     // levels of a recursive type in one value
	maxTypeSize = 16 << 20 // bytes of memory of one value of a type, without the values it points to
)

// A plan knows how to encode and decode one type. It does not change once the
// compiler has returned it.
type plan struct {
	typ reflect.Type
	enc encFunc
	dec decFunc
	min int // the fewest bytes that an encoding takes

	unit   int          // a number or bool: the width in bytes in which it is stored and may be copied in bulk; else 0
	bytes  bool         // a slice of plain bytes
	fields []field      // a struct: its fields, flattened
	own    *ownEncoding // the type encodes itself

	buffers []uintptr // where the Buffers in a value are; see beside.go
}

// encFunc appends the encoding of the value at p to b. It must store p only on
// the stack (see noescape). depth is how many more levels of recursion are
// allowed.
type encFunc func(b []byte, p unsafe.Pointer, depth int) ([]byte, error)

// decFunc reads a value from d and stores it at p, which is writable memory of
// the plan's type. It must store p and d only on the stack.
type decFunc func(d *decoder, p unsafe.Pointer) error

// recursive makes p count a level of depth.
func recursive(p plan) plan {
	enc, dec := p.enc, p.dec
	p.enc = func(b []byte, q unsafe.Pointer, depth int) ([]byte, error) {
		if depth == 0 {
			return b, errTooDeep
		}
		return enc(b, q, depth-1)
	}
	p.dec = func(d *decoder, q unsafe.Pointer) error {
		if d.depth == 0 {
			return errTooDeep
		}
		d.depth--
		err := dec(d, q)
		d.depth++
		return err
	}
	return p
}

// atLeast pads values of p with zero bytes if they could otherwise take fewer
// than least bytes.
func atLeast(p *plan, least int) *plan {
	n := least - p.min
	if n <= 0 {
		return p
	}
	q := *p
	q.min = least
	q.enc = func(b []byte, at unsafe.Pointer, depth int) ([]byte, error) {
		b, err := p.enc(b, at, depth)
		if err != nil {
			return b, err
		}
		return append(b, make([]byte, n)...), nil
	}
	q.dec = func(d *decoder, at unsafe.Pointer) error {
		if err := p.dec(d, at); err != nil {
			return err
		}
		pad, err := d.take(n)
		if err != nil {
			return err
		}
		for _, c := range pad {
			if c != 0 {
				return errPadding
			}
		}
		return nil
	}
	return &q
}

// pathError carries the path to an error within the value. Each level adds its
// step while the error is returned outwards.
type pathError struct {
	path string // .Items[3].Name
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// maxPath keeps the path of an error in a deep tree readable; the inner end is
// kept.
const maxPath = 200

// at adds one step, from the outside, to the place of err.
func at(err error, step string) error {
	e, ok := err.(*pathError)
	switch {
	case !ok:
		return &pathError{step, err}
	case len(e.path)+len(step) <= maxPath:
		e.path = step + e.path
	case e.path[0] == '.' || e.path[0] == '[':
		e.path = "…" + e.path
	}
	return e
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
