package legion_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

func TestCall(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	ctx := t.Context()
	for _, size := range []int{0, 1, 64, 5000, 17 << 10, 300 << 10, 3 << 20} {
		in := bytes.Repeat([]byte("abc"), size/3+1)[:size]
		out, err := k.echo.Call(ctx, in)
		if err != nil || !bytes.Equal(in, out) {
			t.Errorf("echo of %d bytes: %d bytes, %v", size, len(out), err)
		}
	}
	in := record{ID: -5, Name: "x", Labels: map[string]string{"a": "b"}, At: time.Now().Round(0), Next: &record{ID: 2}}
	out, err := k.record.Call(ctx, in)
	if err != nil || out.ID != in.ID || out.Labels["a"] != "b" || !out.At.Equal(in.At) || out.Next.ID != 2 {
		t.Errorf("record: %+v, %v", out, err)
	}
}

func TestErrorsOfTheFunction(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	_, err := k.do.Call(t.Context(), deed{What: "error"})
	var remote *legion.RemoteError
	if !errors.As(err, &remote) || remote.Message != "it did not work" {
		t.Errorf("got %v", err)
	}
	if _, err = k.do.Call(t.Context(), deed{What: "sentinel"}); !errors.Is(err, errSentinel) {
		t.Errorf("the sentinel did not survive: %v", err)
	}
	pid, _ := k.do.Call(t.Context(), deed{What: "pid"})
	for _, what := range []string{"panic", "nil map", "goexit"} {
		_, err = k.do.Call(t.Context(), deed{What: what})
		var worker *legion.WorkerError
		if !errors.Is(err, legion.ErrPanicked) || !errors.As(err, &worker) || !strings.Contains(worker.Stack, "tool") {
			t.Errorf("%s: %v\n%+v", what, err, worker)
		}
	}
	if after, _ := k.do.Call(t.Context(), deed{What: "pid"}); after != pid {
		t.Errorf("a panic has cost the worker: it was %s, is %s", pid, after)
	}
}

func TestConcurrentCallers(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 2}).start(t)
	const callers, each = 64, 200
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			in := bytes.Repeat([]byte{byte(i)}, i*100)
			for range each {
				out, err := k.echo.Call(context.Background(), in)
				if err == nil && !bytes.Equal(in, out) {
					err = errors.New("another call's answer")
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestStream(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	want := 0
	for n, err := range k.count.All(t.Context(), 1000) {
		if err != nil || n != want {
			t.Fatalf("element %d is %d, %v", want, n, err)
		}
		want++
	}
	if want != 1000 {
		t.Errorf("%d elements", want)
	}
	for n, err := range k.count.All(t.Context(), 1<<40) { // left early: the call is cancelled
		if err != nil {
			t.Fatal(err)
		}
		if n == 100 {
			break
		}
	}
	var last error
	for _, err := range k.count.All(t.Context(), -1) {
		last = err
	}
	if !errors.Is(last, errSentinel) {
		t.Errorf("the last error is %v", last)
	}
}

func TestTask(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	seen := map[string]bool{}
	for range 5 {
		pid, err := k.task.Call(t.Context(), deed{What: "pid"})
		if err != nil || seen[pid] {
			t.Errorf("pid %s again, or %v", pid, err)
		}
		seen[pid] = true
	}
	mark := filepath.Join(t.TempDir(), "started")
	fut := k.task.Go(t.Context(), deed{What: "obstinate", Path: mark})
	await(t, func() bool { b, _ := os.ReadFile(mark); return len(b) > 0 })
	if fut.State() != status.CallRunning {
		t.Errorf("a running task is %v", fut.State())
	}
	if fut.PID() == 0 {
		t.Error("a running task has no pid")
	}
	fut.Cancel()
	if out, err := fut.Result(); err != nil || out != "done all the same" {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := k.task.Call(t.Context(), deed{What: "exit"}); !errors.Is(err, legion.ErrCrashed) {
		t.Errorf("got %v", err)
	}
}

func TestThenRunsOnTheLoop(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 2})
	made, total := 0, 0 // no lock: both are of the loop
	finished := make(chan int, 1)
	k.d.Every(time.Hour, func(ctx context.Context) error {
		for range 100 {
			k.echo.Go(ctx, []byte("x")).Then(func(out []byte, err error) {
				if err == nil {
					made += len(out)
				}
				if total++; total == 100 {
					finished <- made
				}
			})
		}
		return nil
	})
	k.start(t)
	if n := <-finished; n != 100 {
		t.Errorf("%d of 100", n)
	}
}
