//go:build amd64 || arm64

package confine

import "golang.org/x/sys/unix"

// A filter is a program for the kernel's classic BPF machine, which sees the
// number of a system call, its architecture and its six arguments, but no
// memory. It has one register here, A. Its jumps go forward only, by at most
// 255 instructions.
type filter struct{ code []unix.SockFilter }

// What the kernel shows the filter: struct seccomp_data, little-endian.
const (
	atNumber = 0
	atArch   = 4
	atArgs   = 16 // 8 bytes each, the low word first
)

// action is what becomes of a call.
type action = uint32

// fails makes a call return an error.
func fails(e unix.Errno) action { return unix.SECCOMP_RET_ERRNO | action(e) }

func (f *filter) add(code uint16, k uint32) {
	f.code = append(f.code, unix.SockFilter{Code: code, K: k})
}

// load sets A to a word of what the kernel shows.
func (f *filter) load(at uint32) { f.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, at) }

// end ends the program.
func (f *filter) end(a action) { f.add(unix.BPF_RET|unix.BPF_K, a) }

// when runs body only if A compares to k: op is BPF_JEQ or BPF_JGE. A is the
// same after it only if body ends the program.
func (f *filter) when(op uint16, k uint32, body func()) {
	jump := len(f.code)
	f.add(unix.BPF_JMP|op|unix.BPF_K, k)
	body()
	f.code[jump].Jf = offset(jump, len(f.code))
}

// unless runs body only if A is not k.
func (f *filter) unless(k uint32, body func()) {
	jump := len(f.code)
	f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, k)
	body()
	f.code[jump].Jt = offset(jump, len(f.code))
}

// whenOneOf ends the program with a if A is one of list.
func (f *filter) whenOneOf(list []uint32, a action) {
	if len(list) == 0 {
		return
	}
	first, end := len(f.code), len(f.code)+len(list)
	for _, k := range list {
		f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, k)
	}
	f.end(a)
	for i := first; i < end; i++ {
		f.code[i].Jt = offset(i, end)
	}
	f.code[end-1].Jf = 1
}

// allowIf ends the program with permission if all conditions hold.
func (f *filter) allowIf(all []condition) {
	var failing []int // the jumps of a condition that does not hold
	for _, c := range all {
		f.load(c.at)
		if c.mask != 0 {
			f.add(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, c.mask)
		}
		first, end := len(f.code), len(f.code)+len(c.values)
		for i, k := range c.values {
			f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, k)
			f.code[first+i].Jt = offset(first+i, end)
		}
		failing = append(failing, end-1)
	}
	f.end(unix.SECCOMP_RET_ALLOW)
	for _, i := range failing {
		f.code[i].Jf = offset(i, len(f.code))
	}
}

// offset is the operand of a jump at one instruction that leads to another.
func offset(from, to int) uint8 {
	if d := to - from - 1; d >= 0 && d <= 255 {
		return uint8(d)
	}
	panic("confine: a jump in the filter is too far")
}

// condition holds if a word of an argument, masked, is one of values.
type condition struct {
	at     uint32
	mask   uint32 // 0: all bits count
	values []uint32
}

// arg is the low word of an argument. The kernel ignores the high word of an
// int.
func arg(i uint32, values ...uint32) condition { return condition{at: atArgs + 8*i, values: values} }

// masked is arg for an argument of which only the bits of mask count.
func masked(i, mask uint32, values ...uint32) condition {
	return condition{at: atArgs + 8*i, mask: mask, values: values}
}

// without holds if a flag is not set.
func without(i, flags uint32) condition { return masked(i, flags, 0) }

// high0 holds if the high word is 0, of an argument that is a long or a
// pointer.
func high0(i uint32) condition { return condition{at: atArgs + 8*i + 4, values: []uint32{0}} }

// null are the conditions for a pointer that is nil.
func null(i uint32) []condition { return []condition{arg(i, 0), high0(i)} }
