//go:build unix && !linux

package shm

import "syscall"

// Ring wakes the other end.
func (b *Bell) Ring() { syscall.Write(b.out, []byte{1}) }
