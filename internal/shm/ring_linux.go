package shm

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var one = [1]byte{1}

// Ring wakes the other end. It never blocks: if the pipe is full there is a
// wake-up on its way already, and if the other end is gone there is nobody to
// wake. (SIGPIPE is then ignored by Go's runtime.) Any goroutine.
func (b *Bell) Ring() {
	syscall.RawSyscall(unix.SYS_WRITE, uintptr(b.out), uintptr(unsafe.Pointer(&one)), 1)
}
