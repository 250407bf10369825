package proc

import (
	"io"
	"os"
	"strings"
)

// crashSize is the size of a crash file in bytes. What the runtime writes beyond it is lost.
const crashSize = 256 << 10

// isCrashHead reports whether a line on stderr may be the first of a report by the Go runtime.
func isCrashHead(line []byte) bool {
	for _, head := range [...]string{"panic: ", "fatal error: ", "runtime: ", "SIG", "unexpected fault address "} {
		if len(line) >= len(head) && string(line[:len(head)]) == head {
			return true
		}
	}
	return false
}

// readCrash returns the content of the crash file f. It was written by a process that may be compromised: it is text,
// and there is at most crashSize of it.
func readCrash(f *os.File) string {
	var first [1]byte
	if n, err := f.ReadAt(first[:], 0); n == 0 || err != nil || first[0] == 0 {
		return "" // the normal case costs one byte
	}
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, crashSize))
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// crashReport makes a report out of what a crash file has, and of what came before that on stderr: see tail.
//
// Left out is what tells a reader nothing: registers, addresses of stack frames, and goroutines that are the
// runtime's own, all of which the runtime prints after a signal or a fatal error. The result is valid UTF-8 of at most
// MaxStack bytes, cut at the end of a line.
func crashReport(head, body string) string {
	if body == "" {
		return ""
	}
	body = strings.TrimSpace(strings.ToValidUTF8(body, "\uFFFD"))
	head = strings.TrimSpace(strings.ToValidUTF8(head, "\uFFFD"))
	if i := strings.LastIndexByte(head, '\n'); strings.HasPrefix(body, head[i+1:]) {
		head = strings.TrimSpace(head[:i+1]) // the body has it too
	}
	blocks := strings.Split(body, "\n\n")
	kept := blocks[:0]
	if head != "" {
		kept = append(make([]string, 0, len(blocks)+1), head)
	}
	// The first goroutine is the one that crashed; unless nothing crashed, but we sent a signal.
	first := !AskedFor(body)
	for _, b := range blocks {
		b, system := cleanBlock(b)
		if !system || first {
			kept = append(kept, b)
		}
		first = first && !strings.HasPrefix(b, "goroutine ")
	}
	return CutStack(strings.Join(kept, "\n\n"), MaxStack)
}

// cleanBlock returns what a reader wants of a block of lines, and whether it is the stack of a goroutine of the runtime.
func cleanBlock(block string) (clean string, system bool) {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	system = strings.HasPrefix(lines[0], "goroutine ") // until a function is not the runtime's
	if at, state := strings.Index(lines[0], " gp=0x"), strings.Index(lines[0], " ["); system && at > 0 && state > at {
		lines[0] = lines[0][:at] + lines[0][state:]
	}
	kept := lines[:0]
	for i, l := range lines {
		switch {
		case isRegister(l):
			continue
		case strings.HasPrefix(l, "\t"):
			if at := strings.Index(l, " fp=0x"); at > 0 {
				l = l[:at]
			}
		case i > 0:
			f := strings.TrimPrefix(l, "created by ")
			system = system && (strings.HasPrefix(f, "runtime.") || strings.HasPrefix(f, "internal/runtime/") || strings.HasPrefix(f, "os/signal."))
		}
		kept = append(kept, l)
	}
	return strings.Join(kept, "\n"), system || len(kept) == 0
}

// isRegister recognises the lines of a register dump: "rax    0x7f", "PC=0x55 m=0 sigcode=0" is none.
func isRegister(line string) bool {
	name, value, ok := strings.Cut(line, " ")
	value, hex := strings.CutPrefix(strings.TrimLeft(value, " "), "0x")
	return ok && hex && len(name) >= 2 && len(name) <= 6 && strings.IndexByte(value, ' ') < 0 && strings.IndexByte(name, '.') < 0
}

// ranOutOfMemory reports whether the runtime ended itself for want of memory.
//
// Normally the last line of head says so, and the stack, which no message can pretend to, has the function that ends a
// program for the runtime's own reasons. In one place the garbage collector of Go 1.26 does not check whether it was given
// memory, and dies of the nil pointer: newSpanSPMC takes it from sysAlloc, and tryDrain is the first to write there.
func ranOutOfMemory(head, body string) bool {
	head = strings.TrimSpace(head)
	what, ok := strings.CutPrefix(head[strings.LastIndexByte(head, '\n')+1:], "fatal error: ")
	if ok && (strings.Contains(what, "out of memory") || strings.Contains(what, "cannot allocate memory")) &&
		strings.Contains("\n"+body, "\nruntime.throw(") {
		return true
	}
	where, stack, _ := strings.Cut(body, "\n\ngoroutine ")
	_, stack, _ = strings.Cut(stack, "\n")
	return strings.HasPrefix(where, "SIGSEGV") && strings.HasSuffix(where, " addr=0x0") &&
		strings.HasPrefix(stack, "runtime.(*spanQueue).tryDrain(")
}
