package proc

import (
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
)

func TestExitCodes(t *testing.T) {
	if e, _ := finish(t, "return"); e.Code != 0 || e.Signal != 0 || e.Stack != "" || e.Stderr != nil || e.String() != "exit code 0" {
		t.Errorf("a child that returns: %v %+v", e, e)
	}
	e, _ := finish(t, "exit", arg("42"))
	if e.Code != 42 || e.Signal != 0 || e.Stack != "" || e.OutOfMemory || e.String() != "exit code 42" {
		t.Errorf("os.Exit(42): %v %+v", e, e)
	}
	if e.Uptime <= 0 || e.Uptime > hang || e.PID <= 0 || e.Usage.MaxRSS < 1<<20 {
		t.Errorf("os.Exit(42): %+v", e)
	}
	if e, _ := finish(t, "work"); e.Usage.User < 40*time.Millisecond || e.Usage.User > hang {
		t.Errorf("a child that works for 50 ms of user time took %v", e.Usage.User)
	}
}

// Each way in which a Go program crashes ends with code 2, a report in Stack,
// and no claim that memory ran out.
func TestCrashes(t *testing.T) {
	for _, c := range []struct{ part, first, within string }{
		{"panic", "panic: first line", "parts_test.go"},
		{"nilmap", "panic: assignment to entry in nil map", "parts_test.go"},
		{"mapwrites", "fatal error: concurrent map writes", "parts_test.go"},
		{"overflow", "runtime: goroutine stack exceeds 1048576-byte limit", "fatal error: stack overflow"},
		{"segfault", "unexpected fault address", "parts_test.go"},
	} {
		t.Run(c.part, func(t *testing.T) {
			t.Parallel()
			e, _ := finish(t, c.part)
			if e.Code != 2 || e.Signal != 0 || e.KilledBy != "" || e.OutOfMemory {
				t.Errorf("%v %+v", e, e)
			}
			if !strings.HasPrefix(e.Stack, c.first) || !strings.Contains(e.Stack, c.within) || strings.Contains(e.Stack, "\nrax ") {
				t.Errorf("stack:\n%s", e.Stack)
			}
			if len(e.Stderr) == 0 || strings.Contains(strings.Join(e.Stderr, "\n"), "goroutine 1 [") {
				t.Errorf("stderr should have the head of the report only: %q", e.Stderr)
			}
		})
	}
	e, _ := finish(t, "panic")
	if want := []string{"a last word", "panic: first line"}; !slices.Equal(e.Stderr, want) {
		t.Errorf("stderr is %q, not %q", e.Stderr, want)
	}
}

func TestKilledFromOutside(t *testing.T) {
	p, o := begin(t, "hold")
	o.value(t, p, "ready")
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// A Kill that comes when the child is dying already does not count as its
	// cause.
	if err := p.Kill("too late"); err != nil {
		t.Error(err)
	}
	if e := wait(t, p); e.Signal != syscall.SIGKILL || e.Code != -1 || e.KilledBy != "" || e.OutOfMemory || e.String() != "SIGKILL" {
		t.Errorf("%v %+v", e, e)
	}
}

func TestKill(t *testing.T) {
	p, o := begin(t, "ignore")
	o.value(t, p, "ready")
	for _, by := range []string{"timeout", "second thought"} {
		if err := p.Kill(by); err != nil {
			t.Error(err)
		}
	}
	e := wait(t, p)
	if e.Signal != syscall.SIGKILL || e.KilledBy != "timeout" || e.OutOfMemory || e.String() != "SIGKILL (timeout)" {
		t.Errorf("%v %+v", e, e)
	}
	for range 2 {
		if err := p.Kill("again"); err != nil {
			t.Errorf("killing a dead child: %v", err)
		}
	}
	if err := p.Quit(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signalling a dead child: %v", err)
	}
	if _, err := p.Memory(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("measuring a dead child: %v", err)
	}
	if p.Exit().KilledBy != "timeout" {
		t.Errorf("the reason has changed to %q", p.Exit().KilledBy)
	}
}

// A signal that is sent to every process of a daemon does not end a child, but
// ends a program that the child executes.
func TestStopsAreTheDaemons(t *testing.T) {
	p, o := begin(t, "deaf")
	o.value(t, p, "ready")
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2} {
		if err := syscall.Kill(p.PID(), s); err != nil {
			t.Fatal(err)
		}
	}
	o.value(t, p, "user defined signal 2") // the child itself catches this one
	want := "signal: terminated, signal: interrupt, signal: hangup, signal: quit"
	if signal.Ignored(syscall.SIGHUP) { // the tests run under nohup, and so does the program that the child executes
		want = strings.Replace(want, "signal: hangup", "<nil>", 1)
	}
	if got := o.value(t, p, "executed"); got != want {
		t.Errorf("the executed program has ended with %s", got)
	}
	p.Kill("test")
	if e := wait(t, p); e.KilledBy != "test" {
		t.Errorf("%v", e)
	}
}

// Deadlines exist for goroutines that never yield: such a stack must be in the
// report, on whichever thread it runs. The main goroutine is in it, too, but
// without its stack if it comes out of a system call just then.
func TestQuitShowsTheBusyGoroutine(t *testing.T) {
	slow.Test(t, "has ten processes work for 0.2 s first", "4 s")
	for i := range 10 {
		if i == 5 { // like a loop in assembly, which the runtime cannot interrupt
			t.Setenv("GODEBUG", "asyncpreemptoff=1")
		}
		p, o := begin(t, "busy", limits(Limits{Procs: 1 + i/5}))
		o.value(t, p, "ready")
		if err := p.Quit(); err != nil {
			t.Fatal(err)
		}
		e := wait(t, p)
		if e.Code != 2 || !strings.HasPrefix(e.Stack, "SIGABRT: abort") || !strings.Contains(e.Stack, "proc.busyLooping") || !strings.Contains(e.Stack, "\ngoroutine 1 [") {
			t.Fatalf("%v\n%s", e, e.Stack)
		}
		if e.KilledBy != "" {
			t.Errorf("KilledBy is %q", e.KilledBy)
		}
	}
}
