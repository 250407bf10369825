package proc

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/legion-go/legion/sandbox"
)

// crashSize is the size of a crash file in bytes. Further output of the runtime
// is lost. Limits.FileSize leaves room for it.
const crashSize = sandbox.MinFileSize

// isCrashHead reports whether a line on stderr may be the first of a report by
// the Go runtime.
func isCrashHead(line []byte) bool {
	return begins(line, "panic: ", "fatal error: ", "SIG", "unexpected fault address ")
}

// isCrashPrelude reports whether a line on stderr may be one that the runtime
// writes before its report. It writes such lines within a report, too: where it
// cannot follow a stack.
func isCrashPrelude(line []byte) bool { return begins(line, "runtime: ") }

func begins(line []byte, with ...string) bool {
	for _, w := range with {
		if len(line) >= len(w) && string(line[:len(w)]) == w {
			return true
		}
	}
	return false
}

// readCrash returns the content of the crash file f. A compromised process may
// have written it, so readCrash returns at most crashSize bytes, as text.
func readCrash(f *os.File) string {
	var first [1]byte
	if n, err := f.ReadAt(first[:], 0); n == 0 || err != nil || first[0] == 0 {
		return "" // the normal case reads one byte
	}
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, crashSize))
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// crashReport makes a report of the content of a crash file and of the lines
// before it on stderr: see tail.
//
// It leaves out what does not help a reader: registers, addresses of stack
// frames, the content of stacks that the runtime cannot follow, such as those
// of C, and the runtime's own goroutines, which the runtime prints after a
// signal or a fatal error. The result is valid UTF-8 of at most MaxStack bytes,
// cut at the end of a line.
func crashReport(head, body string) string {
	if body == "" {
		return ""
	}
	body = strings.TrimSpace(strings.ToValidUTF8(body, "\uFFFD"))
	head = strings.TrimSpace(strings.ToValidUTF8(head, "\uFFFD"))
	if i := strings.LastIndexByte(head, '\n'); strings.HasPrefix(body, head[i+1:]) {
		head = strings.TrimSpace(head[:i+1]) // the body repeats it
	}
	blocks := strings.Split(body, "\n\n")
	kept := blocks[:0]
	if head != "" {
		kept = append(make([]string, 0, len(blocks)+1), head)
	}
	// The first goroutine is the one that crashed, unless the child did not crash
	// but got our signal.
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

// cleanBlock returns the useful lines of a block, and whether it is the stack
// of a goroutine of the runtime.
func cleanBlock(block string) (clean string, system bool) {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	system = strings.HasPrefix(lines[0], "goroutine ") // until a function is not the runtime's
	if at, state := strings.Index(lines[0], " gp=0x"), strings.Index(lines[0], " ["); system && at > 0 && state > at {
		lines[0] = lines[0][:at] + lines[0][state:]
	}
	kept := lines[:0]
	empty := true // so far: the runtime cannot show a goroutine that runs on another thread
	content := false
	for i, l := range lines {
		content = strings.HasPrefix(l, "stack: frame=") || content && isStackContent(l)
		switch {
		case isRegister(l), content:
			continue
		case strings.HasPrefix(l, "runtime: g "): // it cannot follow the stack of g, and says so twice
			empty = false
			if n := len(kept); n > 0 && l == kept[n-1] {
				continue
			}
		case strings.HasPrefix(l, "\t"):
			if at := strings.Index(l, " fp=0x"); at > 0 {
				l = l[:at]
			}
		case i > 0:
			f := strings.TrimPrefix(l, "created by ")
			empty = false
			system = system && (strings.HasPrefix(f, "runtime.") || strings.HasPrefix(f, "internal/runtime/") || strings.HasPrefix(f, "os/signal."))
		}
		kept = append(kept, l)
	}
	return strings.Join(kept, "\n"), system && !empty || len(kept) == 0
}

// isRegister recognises the lines of a register dump: "rax 0x7f", "PC=0x55 m=0
// sigcode=0" is not one.
func isRegister(line string) bool {
	name, value, ok := strings.Cut(line, " ")
	value, hex := strings.CutPrefix(strings.TrimLeft(value, " "), "0x")
	return ok && hex && len(name) >= 2 && len(name) <= 6 && strings.IndexByte(value, ' ') < 0 && strings.IndexByte(name, '.') < 0
}

// isStackContent recognises the lines in which the runtime shows the words of a
// stack, below their limits: a heading, rows such as
// "00007f9b533fca90: 00000000 00001080", and marks below rows.
func isStackContent(line string) bool {
	address, _, row := strings.Cut(line, ": ")
	if row && len(address) >= 8 {
		if _, err := strconv.ParseUint(address, 16, 64); err == nil {
			return true
		}
	}
	return strings.HasPrefix(line, "        ")
}

// ranOutOfMemory reports whether the runtime ended itself because memory ran
// out.
//
// Normally the last line of head says so, and the stack, which a message cannot
// fake, has the function with which the runtime ends a program for its own
// reasons. In one place the garbage collector of Go 1.26 does not check whether
// it got memory, and crashes on the nil pointer: newSpanSPMC takes it from
// sysAlloc, and tryDrain is the first to write there.
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
