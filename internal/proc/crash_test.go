package proc

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCrashReport(t *testing.T) {
	const (
		user        = "goroutine 7 gp=0x1 m=0 mp=0x2 [running]:\nmain.f(0x1)\n\t/a/b.go:3 +0x1 fp=0x1 sp=0x2 pc=0x3\ncreated by main.main in goroutine 1\n\t/a/b.go:9 +0x1"
		clean       = "goroutine 7 [running]:\nmain.f(0x1)\n\t/a/b.go:3 +0x1\ncreated by main.main in goroutine 1\n\t/a/b.go:9 +0x1"
		system      = "goroutine 2 gp=0x1 m=nil [force gc (idle)]:\nruntime.gopark(0x0?)\n\t/go/proc.go:1 +0x1 fp=0x1 sp=0x2 pc=0x3\ncreated by runtime.init.7 in goroutine 1\n\t/go/proc.go:2 +0x1"
		systemClean = "goroutine 2 [force gc (idle)]:\nruntime.gopark(0x0?)\n\t/go/proc.go:1 +0x1\ncreated by runtime.init.7 in goroutine 1\n\t/go/proc.go:2 +0x1"
		busy        = "goroutine 1 gp=0x1 m=3 mp=0x4 [running]:\n\tgoroutine running on other thread; stack unavailable"
		busyClean   = "goroutine 1 [running]:\n\tgoroutine running on other thread; stack unavailable"
		regs        = "rax    0x0\nrip    0x408fee\ngs     0x0"
		content     = "stack: frame={sp:0x7f9b533fcb90, fp:0x0} stack=[0x7f9b52bfd260,0x7f9b533fce60)\n" +
			"                   7 6 5 4  3 2 1 0   f e d c  b a 9 8  0123456789abcdef\n" +
			"00007f9b533fcaa0: 00000000 00001000  00000000 00401820  ........ .@.....\n" +
			"                                     ^ <threadentry+0x0>"
		inC      = "goroutine 0 gp=0x1 m=4 mp=0x2 [idle]:\nruntime: g 0 gp=0x1: unknown pc 0x7f\n" + content + "\nruntime: g 0 gp=0x1: unknown pc 0x7f\n" + content
		inCClean = "goroutine 0 [idle]:\nruntime: g 0 gp=0x1: unknown pc 0x7f"
	)
	for _, c := range []struct{ head, body, want string }{
		{"panic: stale", "", ""},
		{"", user, clean},
		{"panic: x\n", "panic: x\n\n" + user + "\n", "panic: x\n\n" + clean},
		{"fatal error: x\n", "\n" + user, "fatal error: x\n\n" + clean},
		{"runtime: y\nfatal error: x\n", user + "\n\n" + system + "\n\n" + regs + "\n", "runtime: y\nfatal error: x\n\n" + clean},
		{"SIGABRT: abort\n", "SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n\n" + user + "\n\n" + regs, "SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n\n" + clean},
		{"SIGABRT: abort\n", "SIGABRT: abort\n\n" + user + "\n\n" + busy + "\n\n" + system, "SIGABRT: abort\n\n" + clean + "\n\n" + busyClean},
		{"SIGABRT: abort\n", "SIGABRT: abort\nPC=0x1 m=4 sigcode=0\n\n" + inC + "\n\n" + user, "SIGABRT: abort\nPC=0x1 m=4 sigcode=0\n\n" + clean},
		{"SIGSEGV: x\n", "SIGSEGV: x\nPC=0x1 m=4 sigcode=1\n\n" + inC + "\n\n" + user, "SIGSEGV: x\nPC=0x1 m=4 sigcode=1\n\n" + inCClean + "\n\n" + clean},
		{"", "runtime: g 7: unexpected return pc for main.f called from 0x1\n" + content + "\n\n" + user, "runtime: g 7: unexpected return pc for main.f called from 0x1\n\n" + clean},
		{"", "rax 0x1\nruntime: g 0\nruntime: g 0\n\n" + user, "runtime: g 0\n\n" + clean},
		{"panic: x\n", "panic: x\n        00000000: y\n\n" + user, "panic: x\n        00000000: y\n\n" + clean},
		{"SIGSEGV: x\n", "SIGSEGV: x\nPC=0x1 addr=0x0\n\n" + system + "\n\n" + user + "\n\n" + system, // the first is the one that crashed
			"SIGSEGV: x\nPC=0x1 addr=0x0\n\n" + systemClean + "\n\n" + clean},
	} {
		if got := crashReport(c.head, c.body); got != c.want {
			t.Errorf("%q and %q become\n%s", c.head, c.body, got)
		}
	}
	long := crashReport("", strings.Repeat("goroutine 1 [x]:\nmain.é\n\n", crashSize/20))
	if len(long) > MaxStack || len(long) < MaxStack-1000 || !strings.HasSuffix(long, "\n… (cut)") {
		t.Errorf("%d bytes, ending in %q", len(long), long[len(long)-20:])
	}
}

// The runtime says within a report, too, that it cannot follow a stack.
func TestHeadOfAReport(t *testing.T) {
	for _, c := range []struct{ stderr, head, last string }{
		{"a\nSIGABRT: abort\nPC=0x1\n\ngoroutine 0 [idle]:\nruntime: g 0 gp=0x1: unknown pc 0x7f\n0000: 1\n\nruntime: g 0\n", "SIGABRT: abort\n", "SIGABRT: abort"},
		{"runtime: out of memory: x\n\nruntime: y\nfatal error: z\n\nruntime stack:\n", "runtime: out of memory: x\nruntime: y\nfatal error: z\n", "fatal error: z"},
		{"SIGTERM came\nsaved\nruntime: limit\nfatal error: z\n", "runtime: limit\nfatal error: z\n", "fatal error: z"},
		{"panic: x\npanic: y\n", "panic: x\npanic: y\n", "panic: y"},
		{"runtime: z\n", "", "runtime: z"},
	} {
		var errs tail
		for line := range strings.Lines(c.stderr) {
			errs.add([]byte(strings.TrimSuffix(line, "\n")))
		}
		lines := errs.lines(true)
		if head := errs.crashHead(); head != c.head || lines[len(lines)-1] != c.last {
			t.Errorf("%q: the head is %q, the last line %q", c.stderr, head, lines[len(lines)-1])
		}
	}
}

func FuzzCrashReport(f *testing.F) {
	f.Add("fatal error: x", "goroutine 1 [running]:\n\nrax 0x1\n\t fp=0x")
	f.Add("", strings.Repeat("é", MaxStack))
	f.Add("", "runtime: g 0: unknown pc\nruntime: g 0: unknown pc\nstack: frame={}\n00000000: 1")
	f.Fuzz(func(t *testing.T, head, body string) {
		if s := crashReport(head, body); len(s) > MaxStack || !utf8.ValidString(s) {
			t.Errorf("%d bytes: %.100q", len(s), s)
		}
		ranOutOfMemory(head, body)
	})
}

// Only the runtime can report that memory ran out; a program that prints the
// same words cannot.
func TestOutOfMemoryIsNotGuessed(t *testing.T) {
	throw := "runtime stack:\nruntime.throw({0x1, 0x2})\n\t/go/panic.go:1\n"
	for _, c := range []struct {
		head, body string
		want       bool
	}{
		{"fatal error: runtime: out of memory\n", throw, true},
		{"runtime: out of memory: cannot allocate 4194304-byte block (1 in use)\nfatal error: out of memory\n", throw, true},
		{"fatal error: runtime: cannot allocate memory\n", throw, true},
		{"fatal error: out of memory\nfatal error: concurrent map writes\n", throw, false},
		{"fatal error: out of memory\n", "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n", false},
		{"panic: fatal error: out of memory\n", throw, false},
		{"", throw, false},
		{"", "SIGSEGV: segmentation violation\nPC=0x4 m=0 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x8 m=0 mp=0x8 [idle]:\nruntime.(*spanQueue).tryDrain(0x400?)\n\t/x", true},
		{"", "SIGSEGV: segmentation violation\nPC=0x4 m=0 sigcode=1 addr=0x9990\n\ngoroutine 0 gp=0x8 m=0 mp=0x8 [idle]:\nruntime.(*spanQueue).tryDrain(0x400?)\n\t/x", false},
		{"", "SIGSEGV: segmentation violation\nPC=0x4 m=0 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x8 m=0 mp=0x8 [idle]:\nmain.tryDrain(0x400?)\n\t/x", false},
		{"fatal error: out of memory\n", "", false},
	} {
		if got := ranOutOfMemory(c.head, c.body); got != c.want {
			t.Errorf("%q: %v", c.head, got)
		}
	}
}
