package host

import "golang.org/x/sys/unix"

// Niceness returns the nice value of this process.
func Niceness() int {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return 20 - n // the system call returns 20 - nice, so that it is never negative
}
