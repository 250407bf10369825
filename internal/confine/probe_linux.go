//go:build amd64 || arm64

package confine

import (
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// probe makes sure that what must be refused is refused.
func probe(s *sandbox.Sandbox, p plan) error {
	if p.calls {
		if _, _, err := unix.RawSyscall(unix.SYS_SOCKET, probeArg, 0, 0); err != probeErrno {
			return fmt.Errorf("seccomp does not hold: socket returned %d", err)
		}
		if err := probeOpen("/", probeArg); err != probeErrno {
			return fmt.Errorf("seccomp does not hold: openat returned %d", err)
		}
		if mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); mode != unix.SECCOMP_MODE_FILTER {
			return fmt.Errorf("seccomp does not hold: its mode is %d (%v)", mode, err)
		}
	}
	if p.outer && (opensFiles(s) || !p.calls) && !namesRoot(s) {
		at := unix.AT_FDCWD
		if err := probeOpen("/", uintptr(at)); err != unix.EACCES {
			return fmt.Errorf("opening / returned %d: Landlock does not hold", err)
		}
	}
	return nil
}

// probeOpen opens a folder.
func probeOpen(path string, dir uintptr) unix.Errno {
	name, _ := unix.BytePtrFromString(path)
	fd, _, err := unix.Syscall6(unix.SYS_OPENAT, dir, uintptr(unsafe.Pointer(name)), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
	if err == 0 {
		unix.Close(int(fd))
	}
	return err
}

// namesRoot reports whether functions may read the folder /.
func namesRoot(s *sandbox.Sandbox) bool {
	for _, list := range [][]string{s.Read, s.Write} {
		for _, path := range list {
			if filepath.Clean(path) == "/" {
				return true
			}
		}
	}
	return false
}
