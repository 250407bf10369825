package shm

import (
	"errors"
	"fmt"
	"runtime"
)

// ErrUnsupported says that this system has no shared memory that this package
// can use. It wraps errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("shared memory on %s: %w (use the socket transport)", runtime.GOOS, errors.ErrUnsupported)
