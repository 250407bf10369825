package shm

import (
	"errors"
	"fmt"
	"runtime"
)

// ErrUnsupported says that this package cannot use shared memory on this
// system. It wraps errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("shared memory on %s: %w (use the socket transport)", runtime.GOOS, errors.ErrUnsupported)
