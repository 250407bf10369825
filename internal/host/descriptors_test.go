package host

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Both ways mark inherited descriptors, and leave the standard ones alone.
func TestKeepDescriptors(t *testing.T) {
	for name, keep := range map[string]func(){"at once": KeepDescriptors, "one by one": keepListed} {
		t.Run(name, func(t *testing.T) {
			fd, err := unix.Dup(2) // without the mark
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			keep()
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("descriptor %d would be passed on: %#x, %v", fd, flags, err)
			}
			if flags, err := unix.FcntlInt(os.Stderr.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
				t.Errorf("standard error would not be passed on: %#x, %v", flags, err)
			}
		})
	}
}
