//go:build !linux

package shm

// FutexWait does nothing: without shared memory there is nothing to wait for.
func FutexWait(w *uint32, v uint32) {}

// FutexWake does nothing.
func FutexWake(w *uint32) {}
