package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// counter is a worker with a loop of its own.
type counter struct {
	turns  int
	inLoop bool
	end    string
}

func (c *counter) Loop(ctx context.Context) error {
	c.inLoop = true
	defer func() { c.inLoop = false }()
	c.turns++
	switch c.end {
	case "end":
		return legion.EndLoop
	case "error":
		c.end = ""
		return fmt.Errorf("turn %d: %w", c.turns, errSentinel)
	case "panic":
		panic("in the loop")
	case "hang":
		<-ctx.Done()
	}
	return nil
}

func (c *counter) Ask(_ context.Context, end string) (int, error) {
	if c.inLoop {
		return 0, errors.New("called in the middle of an iteration")
	}
	c.end = end
	return c.turns, nil
}

func (c *counter) PID(context.Context, struct{}) (int, error) { return os.Getpid(), nil }

type looping struct {
	d    *legion.Daemon
	pool *legion.Workers[counter]
	ask  *legion.Func[string, int]
	pid  *legion.Func[struct{}, int]
}

func newLooping(p legion.Pool) *looping { return newLoopingOf(quiet("looping"), p) }

func newLoopingOf(c legion.Config, p legion.Pool) *looping {
	d := legion.New(c)
	l := &looping{d: d}
	p.LoopEvery = 2 * time.Millisecond
	l.pool = legion.NewWorkers(d, "counter", func(context.Context) (*counter, error) { return &counter{}, nil }, p)
	l.ask = legion.Handle(l.pool, "ask", (*counter).Ask)
	l.pid = legion.Handle(l.pool, "pid", (*counter).PID)
	return l
}

func (l *looping) turns(t testing.TB) int {
	t.Helper()
	n, err := l.ask.Call(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoopingWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLooping(legion.Pool{})
	started, stopped := make(chan legion.LoopStarted, 100), make(chan legion.LoopStopped, 100)
	errs := make(chan legion.Error, 100)
	legion.On(l.d, func(_ context.Context, e legion.LoopStarted) error { started <- e; return nil })
	legion.On(l.d, func(_ context.Context, e legion.LoopStopped) error { stopped <- e; return nil })
	legion.On(l.d, func(_ context.Context, e legion.Error) error { errs <- e; return nil })
	legiontest.Start(t, l.d)
	first := <-started
	await(t, func() bool { return l.turns(t) > 10 })
	if _, err := l.ask.Call(t.Context(), "error"); err != nil {
		t.Error(err)
	}
	if e := <-errs; !errors.Is(e.Err, errSentinel) {
		t.Error(e)
	}

	if err := l.pool.Pause(); err != nil {
		t.Error(err)
	}
	if e := <-stopped; !e.Paused || e.PID != first.PID {
		t.Errorf("%+v", e)
	}
	if s := l.pool.Stats().Workers[0].State; s != "paused" {
		t.Errorf("state %q", s)
	}
	if err := l.pool.Resume(); err != nil {
		t.Error(err)
	}
	if e := <-started; e.PID != first.PID {
		t.Errorf("%+v", e)
	}
	n := l.turns(t)
	await(t, func() bool { return l.turns(t) > n+3 })

	if err := l.pool.PauseWorker(first.PID); err != nil {
		t.Error(err)
	}
	if e := <-stopped; !e.Paused {
		t.Errorf("%+v", e)
	}
	if err := l.pool.ResumeWorker(first.PID); err != nil {
		t.Error(err)
	}
	<-started

	// It is restarted when its loop ends, and when it dies.
	for _, how := range []string{"end", "panic"} {
		if _, err := l.ask.Call(t.Context(), how); err != nil {
			t.Error(err)
		}
		if e := <-started; e.PID == first.PID {
			t.Error("it is still the same process")
		}
	}
	l.turns(t)
	if err := l.pool.PauseWorker(1); err == nil || !strings.Contains(err.Error(), "no worker with pid 1") {
		t.Error(err)
	}
}

func TestLoopingWorkerStopsTheDaemon(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLooping(legion.Pool{OnExit: legion.StopDaemon})
	if err := l.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ask.Call(t.Context(), "end"); err != nil {
		t.Error(err)
	}
	if err := l.d.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLoopingWorkerIsIgnored(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLooping(legion.Pool{Min: 2, OnExit: legion.Ignore})
	legiontest.Start(t, l.d)
	for left := 1; left >= 0; left-- {
		if _, err := l.ask.Call(t.Context(), "panic"); err != nil {
			t.Error(err)
		}
		await(t, func() bool { return len(l.pool.Stats().Workers) == left })
	}
	if _, err := l.ask.Call(t.Context(), ""); !errors.Is(err, legion.ErrPoolFailed) {
		t.Error(err)
	}
}

func TestLoopingWorkerThatHangs(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLooping(legion.Pool{KillGrace: 50 * time.Millisecond})
	legiontest.Start(t, l.d)
	if _, err := l.ask.Call(t.Context(), "hang"); err != nil {
		t.Error(err)
	}
	// Stopping, in the cleanup, ends its context.
}
