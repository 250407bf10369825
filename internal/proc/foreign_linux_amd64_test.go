package proc

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() { unreasonable[otherABI] = foreignCall }

// foreignCall makes a system call of another ABI: getpid of 32-bit programs.
func foreignCall() {
	code := []byte{0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3} // mov eax, 20; int 0x80; ret
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	check(err)
	copy(memory, code)
	at := unsafe.Pointer(&memory)
	(*(*func())(unsafe.Pointer(&at)))()
}
