package systemd

import (
	"os"

	"golang.org/x/sys/unix"
)

// monotonic returns CLOCK_MONOTONIC in microseconds, as MONOTONIC_USEC wants it.
func monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // it cannot fail
	return t.Nano() / 1000
}

// anonymousFile makes a file that has no name in any folder.
func anonymousFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
