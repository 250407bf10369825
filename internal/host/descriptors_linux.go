package host

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepRange does it in one call; it reports whether the kernel, Linux 5.11 or later, can.
func keepRange(first uint) bool {
	return unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil
}
