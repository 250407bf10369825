package systemd

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// monotonic returns CLOCK_MONOTONIC in microseconds, as MONOTONIC_USEC needs
// it.
func monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // it cannot fail
	return t.Nano() / 1000
}

// anonymousFile makes a file that has no name in any folder: in memory, unless
// a sandbox forbids that.
func anonymousFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err == nil {
		return os.NewFile(uintptr(fd), name), nil
	}
	f, also := temporaryFile(name)
	if also != nil {
		return nil, errors.Join(os.NewSyscallError("memfd_create", err), also)
	}
	return f, nil
}
