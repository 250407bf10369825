package deaths

import (
	"os"

	"golang.org/x/sys/unix"
)

// nameless makes a file in memory: what workers print may be secret.
func nameless() (*os.File, error) {
	fd, err := unix.MemfdCreate(FileName, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), FileName), nil
}
