package wire

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Flags modify a frame. The low four bits belong to package link, which sets
// and clears them; the others travel unchanged and are for the levels above.
type Flags uint8

const (
	// More: further pieces of this payload follow.
	More Flags = 1 << iota
	// Timed: eight bytes before the payload hold Header.Timeout.
	Timed
	// Piece: the frame is one piece of a payload that is too large for a frame; see
	// PieceSize.
	Piece

	// LinkFlags are the flags that package link owns. They are never set in a frame
	// that a handler sees.
	LinkFlags Flags = 0x0f
)

// Header is the fixed part of a frame.
type Header struct {
	Kind  Kind
	Flags Flags
	// Code is the function of a Request, the Status of a Response, the Cause of a
	// Cancel, and 0 elsewhere.
	Code uint16
	// Call is the call that the frame is about; see CallID. 0 if it is not about a
	// call.
	Call uint32
	// Timeout is the time left until the caller's deadline when a Request was sent;
	// 0 means no deadline. It travels, in eight bytes before the payload, only when
	// it is greater than 0.
	Timeout time.Duration
}

func (h Header) String() string { return fmt.Sprintf("%v(code %d, call %08x)", h.Kind, h.Code, h.Call) }

// Word packs the header, without Timeout, into one word: Kind in the lowest
// byte, then Flags, Code, Call.
func (h Header) Word() uint64 {
	return uint64(h.Kind) | uint64(h.Flags)<<8 | uint64(h.Code)<<16 | uint64(h.Call)<<32
}

// FromWord is the inverse of Word. It checks nothing: see Kind.Valid.
func FromWord(w uint64) Header {
	return Header{Kind: Kind(w), Flags: Flags(w >> 8), Code: uint16(w >> 16), Call: uint32(w >> 32)}
}

// TimeoutSize is the number of bytes that a Timeout occupies before the payload
// of a Timed frame.
const TimeoutSize = 8

// PutTimeout writes d, in nanoseconds, to b[:TimeoutSize].
func PutTimeout(b []byte, d time.Duration) { binary.LittleEndian.PutUint64(b, uint64(d)) }

// GetTimeout reads what PutTimeout wrote. It fails if b is too short or the
// duration is not greater than 0.
func GetTimeout(b []byte) (time.Duration, error) {
	if len(b) < TimeoutSize {
		return 0, fmt.Errorf("%w: timed frame with %d bytes", ErrMalformed, len(b))
	}
	d := time.Duration(binary.LittleEndian.Uint64(b))
	if d <= 0 {
		return 0, fmt.Errorf("%w: timeout of %d ns", ErrMalformed, int64(d))
	}
	return d, nil
}

// A PieceHead precedes everything else in a frame that is a Piece.
type PieceHead struct {
	Stream uint32 // one of the sender's MaxStreams piece streams
	Total  uint32 // bytes of the whole payload, the same in all pieces
}

// PieceSize is the number of bytes that a PieceHead occupies.
const PieceSize = 8

// Put writes p to b[:PieceSize].
func (p PieceHead) Put(b []byte) {
	binary.LittleEndian.PutUint64(b, uint64(p.Stream)|uint64(p.Total)<<32)
}

// GetPiece reads what Put wrote. It fails if b is too short or the stream is
// out of range.
func GetPiece(b []byte) (PieceHead, error) {
	if len(b) < PieceSize {
		return PieceHead{}, fmt.Errorf("%w: piece with %d bytes", ErrMalformed, len(b))
	}
	w := binary.LittleEndian.Uint64(b)
	p := PieceHead{Stream: uint32(w), Total: uint32(w >> 32)}
	if p.Stream >= MaxStreams {
		return PieceHead{}, fmt.Errorf("%w: piece stream %d, the highest is %d", ErrMalformed, p.Stream, MaxStreams-1)
	}
	return p, nil
}
