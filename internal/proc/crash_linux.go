package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// newCrashFile makes the file that a child writes its crash report to: in memory, of a fixed size that neither side can
// change, nowhere in the file system. Its pages exist, and are charged to the child, only once they are written.
func newCrashFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("legion-crash", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("making the crash file: %w", os.NewSyscallError("memfd_create", err))
	}
	f := os.NewFile(uintptr(fd), "crash")
	err = f.Truncate(crashSize)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making the crash file: fixing its size: %w", err)
	}
	return f, nil
}
