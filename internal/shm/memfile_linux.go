package shm

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// MemoryFile makes a file in memory, which has no name in any file system, can
// be sealed, and is closed on exec. name is for debugging only.
func MemoryFile(name string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL) // a system may require it: vm.memfd_noexec
	if errors.Is(err, unix.EINVAL) {                              // Linux before 6.3
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, fmt.Errorf("create a memory file: %w", os.NewSyscallError("memfd_create", err))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Available returns nil if this process may use shared memory, and otherwise
// the reason: a sandbox, usually seccomp, may forbid it. A temporary lack of
// resources does not count.
var Available = sync.OnceValue(func() error {
	f, err := MemoryFile("legion-probe")
	if err == nil {
		_ = f.Close()
	}
	if Forbidden(err) {
		return fmt.Errorf("%w (permit it in the sandbox, or use the socket transport)", err)
	}
	return nil
})

// Forbidden reports whether err says that memory files do not exist here, or
// not for this process.
func Forbidden(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
}
