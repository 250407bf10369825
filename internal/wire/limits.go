package wire

import (
	"errors"
	"fmt"
)

const (
	// MaxPayload is how large a payload may be unless the pool says otherwise: 64 MiB.
	MaxPayload = 64 << 20
	// HardMaxPayload is the most a pool may ask for: 2 GiB less one byte.
	HardMaxPayload = 1<<31 - 1
	// MaxAside is how large a payload may be that is no argument, result or element, whatever the pool says: what a
	// worker says beside its calls.
	MaxAside = 2 << 20
	// MaxStreams is how many payloads in pieces a sender may have under way at the same time. It bounds what the
	// receiver must hold for unfinished payloads: MaxStreams times the payload limit.
	MaxStreams = 4
)

// ErrMalformed is what every decoder's error wraps.
var ErrMalformed = errors.New("malformed frame")

// TooLarge is the error for a payload that exceeds the limit of its pool. Nothing of it has been sent.
type TooLarge struct {
	Size, Limit int64 // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("payload of %d bytes exceeds the limit of %d bytes", e.Size, e.Limit)
}
