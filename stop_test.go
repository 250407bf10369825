package legion_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// patient is solo with a StopTimeout.
func patient(p legion.Pool, stop time.Duration) *solo {
	c := quiet("solo")
	c.StopTimeout = stop
	return newSoloOf(c, p)
}

func TestStopDrains(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1})
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	running := s.running(t, deed{What: "mark", For: 300 * time.Millisecond})
	waiting := s.do.Go(t.Context(), deed{What: "pid"})
	if err := s.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if out, err := running.Result(); err != nil || out != "waited" {
		t.Errorf("the call that ran: %q, %v", out, err)
	}
	if _, err := waiting.Result(); err != nil {
		t.Errorf("the call that waited: %v", err)
	}
	if st := s.d.Stats(); st.State != "stopped" || len(st.Pools[0].Workers) != 0 {
		t.Errorf("after Stop: %+v", st)
	}
	if err := s.d.Stop(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := s.d.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// A function that does not end cannot hold up a stop, and its caller is told.
func TestStopIsBounded(t *testing.T) {
	for _, what := range []string{"mark", "mark obstinately"} {
		t.Run(what, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			s := patient(legion.Pool{Max: 1, KillGrace: 50 * time.Millisecond}, 500*time.Millisecond)
			if err := s.d.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			hung := s.running(t, deed{What: what, For: time.Hour})
			if err := s.d.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			var e *legion.WorkerError
			_, err := hung.Result()
			if !errors.Is(err, legion.ErrStopped) || !errors.As(err, &e) {
				t.Fatalf("the hung call: %v", err)
			}
			if killed := e.KilledBy == "stop"; killed != (what == "mark obstinately") {
				t.Errorf("killed by %q: %v", e.KilledBy, err)
			}
		})
	}
}

// The end of Stop's context ends its patience.
func TestStopHurries(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := patient(legion.Pool{Max: 1, KillGrace: 50 * time.Millisecond}, time.Hour)
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	hung := s.running(t, deed{What: "mark obstinately", For: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.d.Stop(ctx); err != nil {
		t.Error(err)
	}
	if _, err := hung.Result(); !errors.Is(err, legion.ErrStopped) {
		t.Errorf("the hung call: %v", err)
	}
}

func TestStopOnTheLoop(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1})
	s.d.Every(time.Hour, func(ctx context.Context) error { return s.d.Stop(ctx) })
	if err := s.d.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopBeforeStart(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1})
	if err := s.d.Wait(); err == nil {
		t.Error("waiting for what has not been started is no error")
	}
	for range 2 {
		if err := s.d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := s.d.Start(t.Context()); err == nil {
		t.Error("it starts after Stop")
	}
	if _, err := s.do.Call(t.Context(), deed{}); !errors.Is(err, legion.ErrStopped) {
		t.Error(err)
	}
}

// Stop while it starts: in Init, and while workers boot. Start says so and
// nothing is left.
func TestStopDuringStart(t *testing.T) {
	for _, where := range []string{"Init", "boot"} {
		t.Run(where, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			s := newSolo("solo", legion.Pool{Max: 1})
			reached := make(chan struct{})
			s.d.Init(func(ctx context.Context) error {
				close(reached)
				if where == "Init" {
					<-ctx.Done() // Stop has begun
				}
				return nil
			})
			if where == "boot" {
				t.Setenv(bootKey, "hang")
			}
			started := make(chan error, 1)
			go func() { started <- s.d.Start(t.Context()) }()
			<-reached
			if where == "boot" {
				await(t, func() bool { return len(s.workers("starting")) == 1 })
			}
			// A call in the midst of this is an error, nothing worse.
			if _, err := s.do.Call(cancelled(t), deed{}); err == nil {
				t.Error("a call while it starts works")
			}
			if err := s.d.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := s.do.Call(t.Context(), deed{}); !errors.Is(err, legion.ErrStopped) {
				t.Errorf("a call after Stop: %v", err)
			}
			if err := <-started; !errors.Is(err, legion.ErrStopped) {
				t.Errorf("Start: %v", err)
			}
		})
	}
}

func cancelled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestStartsContext(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv(bootKey, "hang")
	s := newSolo("solo", legion.Pool{Max: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := s.d.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start: %v", err)
	}
}

// A context that has ended before Run.
func TestRunsContext(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1})
	if err := s.d.Run(cancelled(t)); err != nil && !errors.Is(err, legion.ErrStopped) {
		t.Errorf("Run: %v", err)
	}
	if st := s.d.Stats().State; st != "stopped" {
		t.Errorf("it is %s", st)
	}
}

func TestInitAndTeardown(t *testing.T) {
	legiontest.CheckLeaks(t)
	var order []string
	step := func(name string, err error) func(context.Context) error {
		return func(context.Context) error { order = append(order, name); return err }
	}
	s := newSolo("solo", legion.Pool{Max: 1})
	s.d.Init(step("a", nil))
	s.d.Init(func(ctx context.Context) error {
		order = append(order, "b")
		if _, err := s.do.Call(ctx, deed{}); !errors.Is(err, legion.ErrStopped) {
			t.Errorf("a call in Init: %v", err)
		}
		return nil
	})
	s.d.Teardown(step("y", errSentinel))
	s.d.Teardown(func(ctx context.Context) error {
		order = append(order, "z")
		if _, err := s.do.Call(ctx, deed{}); !errors.Is(err, legion.ErrStopped) {
			t.Errorf("a call in Teardown: %v", err)
		}
		return nil
	})
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.d.Stop(t.Context()); !errors.Is(err, errSentinel) {
		t.Errorf("Stop: %v", err)
	}
	if want := []string{"a", "b", "z", "y"}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}

func TestInitFails(t *testing.T) {
	for name, init := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errSentinel },
		"panic": func(context.Context) error { panic(errSentinel.Error()) },
	} {
		t.Run(name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			s := newSolo("solo", legion.Pool{Max: 1})
			s.d.Init(init)
			s.d.Init(func(context.Context) error { t.Error("the second Init runs"); return nil })
			torn := false
			s.d.Teardown(func(ctx context.Context) error {
				torn = true
				_, err := s.do.Call(ctx, deed{}) // there are no workers
				if !errors.Is(err, legion.ErrStopped) {
					t.Errorf("a call in Teardown: %v", err)
				}
				return nil
			})
			if err := s.d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), errSentinel.Error()) {
				t.Errorf("Start: %v", err)
			}
			if !torn {
				t.Error("Teardown was not called")
			}
		})
	}
}

// Signals to a real daemon: the first one drains, the second does not wait.
func TestSignals(t *testing.T) {
	p := run(t, "daemon")
	p.workers()
	path := t.TempDir() + "/runs"
	p.do(deed{What: "mark", Path: path, For: 500 * time.Millisecond})
	await(t, func() bool { _, err := os.Stat(path); return err == nil })
	p.signal(syscall.SIGTERM)
	if said := p.hear("did"); said != "ok waited" {
		t.Errorf("the call that ran: %s", said)
	}
	p.hear("teardown")
	if err := p.wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}

	p = run(t, "daemon")
	p.workers()
	path = t.TempDir() + "/runs"
	p.do(deed{What: "mark obstinately", Path: path, For: time.Hour})
	await(t, func() bool { _, err := os.Stat(path); return err == nil })
	p.signal(syscall.SIGINT)
	p.signal(syscall.SIGTERM)
	if said := p.hear("did"); said != legion.ErrStopped.Error() {
		t.Errorf("the hung call: %s", said)
	}
	if err := p.wait(); err != nil {
		t.Errorf("after two signals: %v", err)
	}
}
