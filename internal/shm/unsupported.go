package shm

import (
	"errors"
	"runtime"
)

// ErrUnsupported says that this package cannot use shared memory on this
// system. It wraps errors.ErrUnsupported.
var ErrUnsupported error = unsupported{}

type unsupported struct{}

func (unsupported) Error() string {
	return "shared memory on " + runtime.GOOS + ": " + errors.ErrUnsupported.Error() + " (use the socket transport)"
}

func (unsupported) Unwrap() error { return errors.ErrUnsupported }
