package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A payload with Buffers begins with a place for each of them:
//
//	u64  bits 0-1 form; for a ref, bits 2-63 offset in the arena
//	u64  length in bytes
//
// The value without its Buffers follows, then the bytes of all Buffers that
// travel inline, in the order of their places. A place of a nil Buffer is zero.
const (
	formNil = iota
	formInline
	formRef

	placeSize = 16
	formBits  = 2
)

// ErrPlaces is wrapped by the errors of Unpack.
var ErrPlaces = errors.New("malformed buffers in a payload")

// Overhead returns how much longer a payload becomes by the places of n
// Buffers.
func Overhead(n int) int { return n * placeSize }

// Pack appends to b a payload of a value, encoded as body, with its Buffers.
// offset returns where a piece lies in the arena of the receiver, or false if
// it does not: then its bytes travel.
func Pack(b, body []byte, pieces []Piece, offset func(Piece) (at int, ok bool)) []byte {
	var inline []Piece
	for _, p := range pieces {
		var first, length uint64
		if p.Bytes != nil {
			length = uint64(len(p.Bytes))
			if at, ok := offset(p); ok {
				first = uint64(at)<<formBits | formRef
			} else {
				first = formInline
				inline = append(inline, p)
			}
		}
		b = binary.LittleEndian.AppendUint64(b, first)
		b = binary.LittleEndian.AppendUint64(b, length)
	}
	b = append(b, body...)
	for _, p := range inline {
		b = appendPiece(b, p)
	}
	return b
}

// appendPiece appends the bytes of a piece.
func appendPiece(b []byte, p Piece) []byte {
	if c, ok := p.Memory.(interface{ AppendTo(b, bytes []byte) []byte }); ok {
		return c.AppendTo(b, p.Bytes)
	}
	return append(b, p.Bytes...)
}

// Unpack takes apart a payload with the places of n Buffers: it returns the
// encoded value and what the places say. The payload, which only the caller may
// change, can come from a hostile sender. Pieces that travelled inline are
// parts of b. find returns the piece that a ref names, or an error.
func Unpack(b []byte, n int, find func(at, length uint64) (Piece, error)) (body []byte, pieces []Piece, err error) {
	if len(b) < Overhead(n) {
		return nil, nil, fmt.Errorf("%w: %d bytes for %d places", ErrPlaces, len(b), n)
	}
	places, rest := b[:Overhead(n)], b[Overhead(n):]
	inline := 0 // bytes
	for i := range n {
		_, length := place(places, i)
		if form(places, i) == formInline {
			if length > uint64(len(rest)-inline) {
				return nil, nil, fmt.Errorf("%w: place %d says %d bytes, and %d are left", ErrPlaces, i, length, len(rest)-inline)
			}
			inline += int(length)
		}
	}
	body, rest = rest[:len(rest)-inline], rest[len(rest)-inline:]
	pieces = make([]Piece, n)
	for i := range n {
		first, length := place(places, i)
		switch form(places, i) {
		case formNil:
			if first != 0 || length != 0 {
				return nil, nil, fmt.Errorf("%w: place %d of a nil buffer is not zero", ErrPlaces, i)
			}
		case formInline:
			if first != formInline {
				return nil, nil, fmt.Errorf("%w: place %d is inline and has an offset", ErrPlaces, i)
			}
			pieces[i].Bytes = rest[:length:length]
			rest = rest[length:]
		case formRef:
			if pieces[i], err = find(first>>formBits, length); err != nil {
				return nil, nil, fmt.Errorf("%w: place %d: %w", ErrPlaces, i, err)
			}
		default:
			return nil, nil, fmt.Errorf("%w: place %d has an unknown form", ErrPlaces, i)
		}
	}
	return body, pieces, nil
}

func place(places []byte, i int) (first, length uint64) {
	at := places[i*placeSize:]
	return binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])
}

func form(places []byte, i int) uint64 {
	first, _ := place(places, i)
	return first & (1<<formBits - 1)
}
