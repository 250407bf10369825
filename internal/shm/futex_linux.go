package shm

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWait = 0 // not the private variants: the word is shared between processes
	futexWake = 1
)

// FutexWait blocks its thread while *w is v, until FutexWake; it may also
// return for no reason, so check the word again. To Go's scheduler it is an
// ordinary system call: the garbage collector does not wait for it, but the
// scheduler retakes the P only after some time, so use it only when this
// process has nothing else to do.
func FutexWait(w *uint32, v uint32) {
	syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWait, uintptr(v), 0, 0, 0)
}

// Yield lets another thread that waits for this processor run. Go's scheduler
// does not notice.
func Yield() { syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// FutexWake wakes one thread that waits on w, in any process. It never blocks.
func FutexWake(w *uint32) {
	syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWake, 1, 0, 0, 0)
}
