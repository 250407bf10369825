package profile

import (
	"encoding/binary"
	"errors"
)

// The encoding of profiles is that of protocol buffers: see
// https://github.com/google/pprof/blob/main/proto/profile.proto. Only what a
// merger needs is here: google/pprof/profile compiles two dozen regular
// expressions at the start of each process.

// errMalformed is the error for bytes that are not a profile.
var errMalformed = errors.New("it is not a whole profile")

// field is a field of a message: a number, or bytes.
type field struct {
	tag   int
	num   uint64
	bytes []byte // of a text or a message; nil for a number
}

// next takes the first field off b.
func next(b []byte) (f field, rest []byte, err error) {
	key, n := binary.Uvarint(b)
	if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
		return f, nil, errMalformed
	}
	f.tag, b = int(key>>3), b[n:]
	f.num, n = binary.Uvarint(b)
	if n <= 0 {
		return f, nil, errMalformed
	}
	b = b[n:]
	switch key & 7 {
	case 0: // a number
		return f, b, nil
	case 2: // so many bytes
		if f.num > uint64(len(b)) {
			return f, nil, errMalformed
		}
		f.bytes = b[:f.num:f.num]
		if f.bytes == nil {
			f.bytes = []byte{}
		}
		return f, b[f.num:], nil
	}
	return f, nil, errMalformed // profiles have no others
}

// each calls visit for each field of a message.
func each(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		f, rest, err := next(message)
		if err == nil {
			err = visit(f)
		}
		if err != nil {
			return err
		}
		message = rest
	}
	return nil
}

// numbers calls visit for each number of a field that may have several, packed
// or not.
func (f field) numbers(visit func(uint64) error) error {
	if f.bytes == nil {
		return visit(f.num)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errMalformed
		}
		if err := visit(v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// appendNum appends a field that is a number; 0 is left out, as it means the
// same.
func appendNum(b []byte, tag int, v uint64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(tag)<<3), v)
}

// appendBytes appends a field that is a text or a message.
func appendBytes[T string | []byte](b []byte, tag int, v T) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(tag)<<3|2), uint64(len(v)))
	return append(b, v...)
}

// appendPacked returns a number as a list of one, in which 0 counts.
func appendPacked(v uint64) []byte { return binary.AppendUvarint(nil, v) }
