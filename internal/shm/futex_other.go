//go:build !linux

package shm

// FutexWait does nothing: this system has no shared memory to wait on.
func FutexWait(w *uint32, v uint32) {}

// Yield does nothing.
func Yield() {}

// FutexWake does nothing.
func FutexWake(w *uint32) {}
