package host

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepRange marks them all in one call; it reports whether the kernel supports
// that (Linux 5.11 or later).
func keepRange(first uint) bool {
	return unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil
}
