package wire

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Limits of a Fault, in bytes. Longer strings are cut on encoding and refused
// on decoding.
const (
	MaxFaultCode    = 256
	MaxFaultMessage = 64 << 10
	MaxFaultStack   = 256 << 10
)

// Fault describes a failure in a worker.
type Fault struct {
	Code    string // name of a registered sentinel error, or ""
	Message string // the error's or the panic's text
	Stack   string // the goroutine's stack, for a panic
}

var faultLimits = [3]int{MaxFaultCode, MaxFaultMessage, MaxFaultStack}

// AppendFault appends the encoding of f to b. Strings beyond their limit are
// cut, between runes if they are UTF-8.
func AppendFault(b []byte, f Fault) []byte {
	for i, s := range [3]string{f.Code, f.Message, f.Stack} {
		s = cut(s, faultLimits[i])
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// DecodeFault decodes the whole of b. The result holds no reference to b.
func DecodeFault(b []byte) (Fault, error) {
	var s [3]string
	for i, limit := range faultLimits {
		if len(b) < 4 {
			return Fault{}, fmt.Errorf("%w: fault cut short", ErrMalformed)
		}
		n := binary.LittleEndian.Uint32(b)
		b = b[4:]
		if uint64(n) > uint64(limit) || uint64(n) > uint64(len(b)) {
			return Fault{}, fmt.Errorf("%w: fault with a string of %d bytes, limit %d, left %d", ErrMalformed, n, limit, len(b))
		}
		s[i] = string(b[:n])
		b = b[n:]
	}
	if len(b) != 0 {
		return Fault{}, fmt.Errorf("%w: %d bytes after a fault", ErrMalformed, len(b))
	}
	return Fault{Code: s[0], Message: s[1], Stack: s[2]}, nil
}

// cut shortens s to at most n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:n] // not UTF-8
}
