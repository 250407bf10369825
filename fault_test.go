package legion_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Each way in which a worker can go: the caller is told what happened, the next
// call works, and the other pool notices nothing.
func TestFaults(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv("GORACE", "halt_on_error=0 atexit_sleep_ms=0") // "map" is a race, too: let the runtime find it
	tw := newTwins()
	legiontest.Start(t, tw.d)
	ctx := t.Context()
	neighbour, err := tw.b.Call(ctx, deed{What: "pid"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		is    error
		stack string // what the stack must show
		check func(e *legion.WorkerError) bool
	}{
		{"exit", legion.ErrCrashed, "", func(e *legion.WorkerError) bool { return e.ExitCode == 7 && e.Signal == 0 }},
		{"SIGKILL", legion.ErrCrashed, "", func(e *legion.WorkerError) bool { return e.Signal == syscall.SIGKILL && e.KilledBy == "" }},
		{"segfault", legion.ErrCrashed, "tool).do", func(e *legion.WorkerError) bool { return e.ExitCode == 2 }},
		{"stack", legion.ErrCrashed, "overflow", func(e *legion.WorkerError) bool { return strings.Contains(e.Stack, "stack overflow") }},
		{"map", legion.ErrCrashed, "concurrent map", func(e *legion.WorkerError) bool { return e.ExitCode == 2 }},
		{"loop", legion.ErrTimeout, "tool).do", func(e *legion.WorkerError) bool { return e.KilledBy == "deadline" }},
		{"sleep", legion.ErrTimeout, "time.Sleep", func(e *legion.WorkerError) bool { return e.KilledBy == "deadline" }},
		{"wait", legion.ErrTimeout, "", func(e *legion.WorkerError) bool { return e.KilledBy == "" && e.Stack == "" }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bound := time.Minute
			if c.is == legion.ErrTimeout {
				bound = 300 * time.Millisecond
			}
			short, cancel := context.WithTimeout(ctx, bound)
			defer cancel()
			_, err := tw.a.Call(short, deed{What: c.what, For: time.Hour})
			var e *legion.WorkerError
			if !errors.Is(err, c.is) || !errors.As(err, &e) {
				t.Fatalf("got %v, want %v", err, c.is)
			}
			if e.PID == 0 || e.Pool != "a" || e.Func != "a" || e.Call == 0 {
				t.Errorf("who was it? %+v", e)
			}
			if crash := c.is == legion.ErrCrashed && c.stack != ""; crash && !strings.Contains(err.Error(), " (main_test.go:") {
				t.Errorf("the error does not say where it was: %v", err)
			}
			if !strings.Contains(e.Stack, c.stack) || !c.check(e) {
				t.Errorf("%v\n%+v\n%s", err, e, e.Stack)
			}
			if _, err := tw.a.Call(ctx, deed{}); err != nil {
				t.Errorf("the next call: %v", err)
			}
			if pid, err := tw.b.Call(ctx, deed{What: "pid"}); err != nil || pid != neighbour {
				t.Errorf("the other pool: pid %s instead of %s, %v", pid, neighbour, err)
			}
		})
	}
}

func TestCallersContext(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1, KillGrace: 50 * time.Millisecond}).start(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := k.do.Call(ctx, deed{What: "wait", For: time.Hour})
	if !errors.Is(err, legion.ErrCanceled) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = k.do.Call(ctx, deed{What: "loop"})
	if !errors.Is(err, legion.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if out, err := k.do.Call(ctx, deed{What: "deadline"}); err != nil || out != "true 1h0m0s" {
		t.Errorf("the deadline did not travel: %q, %v", out, err)
	}
	cancel()
	if _, err = k.do.Call(ctx, deed{What: "pid"}); !errors.Is(err, legion.ErrCanceled) {
		t.Errorf("ended before the call: %v", err)
	}
}

func TestKill(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	mark := filepath.Join(t.TempDir(), "started")
	fut := k.do.Go(t.Context(), deed{What: "append", Path: mark, For: time.Hour})
	await(t, func() bool { b, _ := os.ReadFile(mark); return len(b) > 0 })
	if err := k.do.Pool().Kill(fut.PID()); err != nil {
		t.Fatal(err)
	}
	var e *legion.WorkerError
	if _, err := fut.Result(); !errors.Is(err, legion.ErrCrashed) || !errors.As(err, &e) || e.KilledBy != "kill" {
		t.Errorf("got %v", err)
	}
	if err := k.do.Pool().Kill(1); err == nil {
		t.Error("killing a stranger is no error")
	}
}

func TestMisuse(t *testing.T) {
	k := newKit(legion.Pool{Max: 1})
	if _, err := k.echo.Call(t.Context(), nil); !errors.Is(err, legion.ErrStopped) || !strings.Contains(err.Error(), "not been started") {
		t.Errorf("before Start: %v", err)
	}
	k.start(t)
	if err := k.d.Start(t.Context()); err == nil {
		t.Error("a second Start is no error")
	}
	if _, err := k.echo.Call(t.Context(), make([]byte, 65<<20)); !errors.Is(err, legion.ErrRefused) || !strings.Contains(err.Error(), "MaxPayload") {
		t.Errorf("too large an argument: %v", err)
	}
	if _, err := k.do.Call(t.Context(), deed{What: "large", Size: 65 << 20}); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("too large a result: %v", err)
	}
	if err := k.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := k.echo.Call(t.Context(), nil); !errors.Is(err, legion.ErrStopped) {
		t.Errorf("after Stop: %v", err)
	}
}
