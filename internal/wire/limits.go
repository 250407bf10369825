package wire

import (
	"errors"
	"fmt"
)

const (
	// MaxPayload is the default limit of a payload: 64 MiB.
	MaxPayload = 64 << 20
	// HardMaxPayload is the highest limit that a pool may set: 2 GiB less one byte.
	HardMaxPayload = 1<<31 - 1
	// MaxAside is the limit, in every pool, of a payload that is not an argument,
	// result or element, but is sent beside the calls.
	MaxAside = 2 << 20
	// MaxStreams is the number of payloads in pieces that a sender may have under
	// way at the same time. It bounds the memory of the receiver for unfinished
	// payloads: MaxStreams times the payload limit.
	MaxStreams = 4
)

// ErrMalformed is wrapped by every decoder's error.
var ErrMalformed = errors.New("malformed frame")

// TooLarge is the error for a payload that exceeds the limit of its pool. No
// part of it has been sent.
type TooLarge struct {
	Size, Limit int64 // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("payload of %d bytes exceeds the limit of %d bytes", e.Size, e.Limit)
}
