package legion_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// What a caller is promised holds however calls travel.
func TestTransports(t *testing.T) {
	for _, c := range []struct {
		name      string
		transport legion.Transport
		inProcess bool
	}{
		{"shared memory", legion.SharedMemory, false},
		{"socket", legion.Socket, false},
		{"in process", legion.DefaultTransport, true},
		{"in process over a socket", legion.Socket, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			k := newKit(legion.Pool{Max: 2, KillGrace: 50 * time.Millisecond, Transport: c.transport})
			if c.inProcess {
				k.d.InProcess()
			}
			k.start(t)
			essentials(t, k)
			if !c.inProcess {
				deaths(t, k)
			}
		})
	}
}

func essentials(t *testing.T, k *kit) {
	ctx := t.Context()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for _, size := range []int{0, 1, 64, 5000, 17 << 10, 300 << 10, 3 << 20} {
				in := bytes.Repeat([]byte{byte(i)}, size)
				if out, err := k.echo.Call(ctx, in); err != nil || !bytes.Equal(in, out) {
					t.Errorf("echo of %d bytes: %d bytes, %v", size, len(out), err)
				}
			}
		})
	}
	all.Wait()

	var e *legion.WorkerError
	if _, err := k.do.Call(ctx, deed{What: "sentinel"}); !errors.Is(err, errSentinel) {
		t.Errorf("an error of the function: %v", err)
	}
	if _, err := k.do.Call(ctx, deed{What: "panic"}); !errors.Is(err, legion.ErrPanicked) || !errors.As(err, &e) || !strings.Contains(e.Stack, "tool") {
		t.Errorf("a panic: %v", err)
	}
	if _, err := k.echo.Call(ctx, make([]byte, 65<<20)); !errors.Is(err, legion.ErrRefused) {
		t.Errorf("too large an argument: %v", err)
	}

	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := k.do.Call(short, deed{What: "wait", For: time.Hour}); !errors.Is(err, legion.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
	fut := k.do.Go(ctx, deed{What: "wait", For: time.Hour})
	await(t, func() bool { return fut.State() == status.CallRunning })
	fut.Cancel()
	if _, err := fut.Result(); !errors.Is(err, legion.ErrCanceled) {
		t.Errorf("a cancelled call: %v", err)
	}
	late, expire := expiring(ctx)
	runs := filepath.Join(t.TempDir(), "runs")
	fut = k.do.Go(late, deed{What: "obstinate", Path: runs})
	await(t, func() bool { _, err := os.Stat(runs); return err == nil })
	expire()
	if out, err := fut.Result(); err != nil || out != "done all the same" {
		t.Errorf("a result after the deadline: %q, %v", out, err)
	}

	want := 0
	for n, err := range k.count.All(ctx, 500) {
		if err != nil || n != want {
			t.Fatalf("element %d is %d, %v", want, n, err)
		}
		if want++; want == 400 {
			break
		}
	}
	if _, err := k.task.Call(ctx, deed{What: "pid"}); err != nil {
		t.Errorf("a task: %v", err)
	}
}

func deaths(t *testing.T, k *kit) {
	ctx := t.Context()
	for _, c := range []struct {
		what string
		is   error
	}{{"exit", legion.ErrCrashed}, {"SIGKILL", legion.ErrCrashed}, {"loop", legion.ErrTimeout}} {
		limited, expire := expiring(ctx)
		runs := filepath.Join(t.TempDir(), "runs")
		fut := k.do.Go(limited, deed{What: c.what, Path: runs})
		if c.is == legion.ErrTimeout {
			await(t, func() bool { _, err := os.Stat(runs); return err == nil })
			expire()
		}
		_, err := fut.Result()
		expire()
		var e *legion.WorkerError
		if !errors.Is(err, c.is) || !errors.As(err, &e) || e.PID == 0 {
			t.Errorf("%s: %v", c.what, err)
		}
		if _, err := k.do.Call(ctx, deed{}); err != nil {
			t.Errorf("the call after %s: %v", c.what, err)
		}
	}
}
