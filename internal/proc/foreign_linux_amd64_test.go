package proc

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

func init() {
	unreasonable[otherABI] = func() { unix.Syscall(1<<30|unix.SYS_GETPID, 0, 0, 0) } // of x32
	childParts["32 bits"] = func(c *Child) {
		if c.Purpose.Daemon == "sealed" {
			seal()
		}
		callAs32Bits()
	}
}

// A call as 32-bit programs make it ends the child, too. Where the system takes
// no such call from anybody, the child ends as it does without a sandbox.
func TestCallOf32Bits(t *testing.T) {
	free, _ := finish(t, "32 bits")
	e, _ := finish(t, "32 bits", arg("sealed"), box(sandbox.Sandbox{JIT: true}))
	if free.Code == 0 {
		if e.Forbidden == nil || e.Forbidden.Call != otherABI || e.Forbidden.Rule != "" {
			t.Errorf("%v, %+v\n%s", e, e.Forbidden, e.Stack)
		}
	} else if e.Code != free.Code || e.Signal != free.Signal || e.Forbidden != nil {
		t.Errorf("%v in a sandbox, %v without\n%s", e, free, e.Stack)
	}
}

// callAs32Bits makes the system call getpid of 32-bit programs.
func callAs32Bits() {
	code := []byte{0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3} // mov eax, 20; int 0x80; ret
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	check(err)
	copy(memory, code)
	at := unsafe.Pointer(&memory)
	(*(*func())(unsafe.Pointer(&at)))()
}
