package shm

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var one = [1]byte{1}

// Ring wakes the other end. It never blocks: if the pipe is full a wake-up is
// already pending, and if the other end is closed the write just fails. (Go's
// runtime then ignores SIGPIPE.) Any goroutine may call it.
func (b *Bell) Ring() {
	syscall.RawSyscall(unix.SYS_WRITE, uintptr(b.out), uintptr(unsafe.Pointer(&one)), 1)
}
