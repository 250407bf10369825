package shm

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socketpair makes a pair of connected stream sockets, closed on exec.
func Socketpair(name string) (a, b *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name), nil
}

var one = [1]byte{1}

// Ring wakes the other end. It never blocks and raises no signal: if the socket is full there is a wake-up on its way
// already, and if the other end is gone there is nobody to wake. Any goroutine.
func (b *Bell) Ring() {
	syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(b.fd), uintptr(unsafe.Pointer(&one)), 1,
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
}
