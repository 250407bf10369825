package confine

import "golang.org/x/sys/unix"

// The numbers of system calls here are those of this architecture, which in
// addition has those of 32-bit programs: see policy.
const (
	architecture = unix.AUDIT_ARCH_AARCH64
	hasX32       = false
	oldOpen      = 0 // there is none
	oldCreat     = 0
)

// registers are those of a call's number and its arguments, as the Go runtime
// names them.
var registers = [...]string{"r8", "r0", "r1", "r2", "r3", "r4", "r5"}

// This architecture never had the calls that newer ones replace.

func oldComputing() []uint32    { return nil }
func oldReading() []uint32      { return nil }
func oldWriting() []uint32      { return nil }
func oldStarting() []uint32     { return nil }
func oldUnreasonable() []uint32 { return nil }
func oldNamed() []namedCall     { return nil }
