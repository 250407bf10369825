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
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// counter is a worker with a loop of its own.
type counter struct {
	turns  int
	inLoop bool
	end    string

	born     legion.WorkerSelf // in the function that has made it
	numbered int               // iterations that were told their right number
}

func (c *counter) Loop(ctx context.Context) error {
	c.inLoop = true
	defer func() { c.inLoop = false }()
	c.turns++
	if legion.Self(ctx).Turns == uint64(c.turns) {
		c.numbered++
	}
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

// Self is the worker as its function sees it, and how often its loop knew its
// number.
func (c *counter) Self(ctx context.Context, _ struct{}) (selves, error) {
	return selves{legion.Self(ctx), c.born, c.numbered, c.turns}, nil
}

type selves struct {
	Now, Born       legion.WorkerSelf
	Numbered, Turns int
}

func (c *counter) PID(context.Context, struct{}) (int, error) { return os.Getpid(), nil }

type looping struct {
	d    *legion.Daemon
	pool *legion.Workers[counter]
	ask  *legion.Func[string, int]
	pid  *legion.Func[struct{}, int]
	self *legion.Func[struct{}, selves]
}

func newLooping(p legion.Pool) *looping { return newLoopingOf(quiet("looping"), p) }

func newLoopingOf(c legion.Config, p legion.Pool) *looping {
	d := legion.New(c)
	l := &looping{d: d}
	p.LoopEvery, p.Sandbox = 2*time.Millisecond, box()
	l.pool = legion.NewWorkers(d, "counter", func(ctx context.Context) (*counter, error) { return &counter{born: legion.Self(ctx)}, nil }, p)
	l.ask = legion.Handle(l.pool, "ask", (*counter).Ask)
	l.pid = legion.Handle(l.pool, "pid", (*counter).PID)
	l.self = legion.Handle(l.pool, "self", (*counter).Self)
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
	started, stopped := make(chan event.LoopStarted, 100), make(chan event.LoopStopped, 100)
	errs, exited := make(chan event.Failure, 100), make(chan event.WorkerExited, 100)
	legion.On(l.d, func(_ context.Context, e event.WorkerExited) error { exited <- e; return nil })
	legion.On(l.d, func(_ context.Context, e event.LoopStarted) error { started <- e; return nil })
	legion.On(l.d, func(_ context.Context, e event.LoopStopped) error { stopped <- e; return nil })
	legion.On(l.d, func(_ context.Context, e event.Failure) error { errs <- e; return nil })
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

	// It is restarted when its loop ends, and when it dies: a panic is no end.
	for _, how := range []string{"end", "panic"} {
		if _, err := l.ask.Call(t.Context(), how); err != nil {
			t.Error(err)
		}
		dies := how == "panic"
		if e := <-exited; e.Expected == dies || strings.Contains(e.How, "in the loop") != dies {
			t.Errorf("%s: %+v", how, e)
		}
		if e := <-started; e.PID == first.PID {
			t.Error("it is still the same process")
		}
	}
	l.turns(t)
	if n := l.pool.Stats().Restarts; n != 1 {
		t.Errorf("%d deaths were counted, not 1", n)
	}
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

// A worker knows its pool and its number, its calls and the turns of its loop;
// process or not.
func TestSelf(t *testing.T) {
	legiontest.CheckLeaks(t)
	for _, inProcess := range []bool{false, true} {
		l := newLooping(legion.Pool{})
		if inProcess {
			l.d.InProcess()
		}
		legiontest.Start(t, l.d)
		await(t, func() bool { return l.turns(t) > 3 })
		before := l.pool.Stats().Calls
		s, err := l.self.Call(t.Context(), struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		now := legion.WorkerSelf{Pool: "counter", Worker: 1, Calls: before + 1, Turns: uint64(s.Turns)}
		if s.Now != now || s.Born != (legion.WorkerSelf{Pool: "counter", Worker: 1}) || s.Numbered != s.Turns {
			t.Errorf("in process %v: %+v, not %+v", inProcess, s, now)
		}
		if s := legion.Self(t.Context()); s != (legion.WorkerSelf{}) {
			t.Errorf("in the daemon: %+v", s)
		}
	}
}
