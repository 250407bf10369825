package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the processor time that this process has used.
func CPU() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
