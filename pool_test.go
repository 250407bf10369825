package legion_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

func TestQueueFull(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, Queue: 2}).start(t)
	ctx, stop := context.WithCancel(t.Context())
	first := s.running(t, deed{What: "mark", For: time.Hour})
	waiting := []*legion.Future[string]{s.do.Go(ctx, deed{What: "wait", For: time.Hour}), s.do.Go(ctx, deed{})}
	if n := s.do.Pool().Stats().Queued; n != 2 {
		t.Errorf("%d calls wait", n)
	}
	_, err := s.do.Call(t.Context(), deed{})
	var e *legion.WorkerError
	if !errors.Is(err, legion.ErrQueueFull) || !errors.As(err, &e) || e.PID != 0 {
		t.Errorf("one more: %v", err)
	}
	stop()
	for _, fut := range waiting {
		if _, err := fut.Result(); !errors.Is(err, legion.ErrCanceled) || fut.PID() != 0 {
			t.Errorf("a cancelled call that waited: %v, in %d", err, fut.PID())
		}
	}
	first.Cancel()
	if _, err := first.Result(); !errors.Is(err, legion.ErrCanceled) {
		t.Errorf("the call that ran: %v", err)
	}
	s.must(t, deed{})
}

func TestPause(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 2}).start(t)
	running := s.running(t, deed{What: "mark", For: time.Hour})
	if err := s.do.Pool().Pause(); err != nil {
		t.Fatal(err)
	}
	waiting := s.do.Go(t.Context(), deed{What: "pid"})
	if running.State() != status.CallRunning {
		t.Errorf("the call that ran is %v", running.State())
	}
	running.Cancel()
	_, _ = running.Result()           // now there is an idle worker
	time.Sleep(50 * time.Millisecond) // and nothing happens
	if st := s.do.Pool().Stats(); waiting.State() != status.CallQueued || st.State != "paused" || st.Queued != 1 {
		t.Errorf("a call to a paused pool is %v; %+v", waiting.State(), st)
	}
	if err := s.do.Pool().Resume(); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Result(); err != nil {
		t.Error(err)
	}
}

func TestScale(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	for _, to := range []struct{ min, max int }{{3, 4}, {0, 2}, {1, 1}, {2, 2}} {
		if err := s.do.Pool().Scale(to.min, to.max); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool {
			n := len(s.workers(""))
			return n == len(s.workers("ready")) && n >= to.min && n <= to.max
		})
		s.must(t, deed{What: "pid"})
	}
	running := s.running(t, deed{What: "mark", For: 300 * time.Millisecond})
	other := s.running(t, deed{What: "mark", For: 300 * time.Millisecond})
	if err := s.do.Pool().Scale(1, 1); err != nil {
		t.Fatal(err)
	}
	for _, fut := range []*legion.Future[string]{running, other} {
		if out, err := fut.Result(); err != nil || out != "waited" {
			t.Errorf("scaling down has cost a call: %q, %v", out, err)
		}
	}
	await(t, func() bool { return len(s.workers("")) == 1 })
	for _, to := range []struct{ min, max int }{{-1, 1}, {0, 0}, {2, 1}, {1, 5000}} {
		if err := s.do.Pool().Scale(to.min, to.max); err == nil {
			t.Errorf("Scale%v is no error", to)
		}
	}
}

func TestSpawn(t *testing.T) {
	for _, c := range []struct {
		name         string
		pool         legion.Pool
		start, after int // workers after Start, and after two calls at a time
	}{
		{"mixed", legion.Pool{Min: 1, Max: 3}, 1, 2},
		{"lazy", legion.Pool{Max: 3, Spawn: legion.Lazy}, 0, 2},
		{"lazy with a minimum", legion.Pool{Min: 3, Max: 3, Spawn: legion.Lazy}, 0, 3},
		{"eager", legion.Pool{Max: 3, Spawn: legion.Eager}, 3, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSolo("solo", c.pool).start(t)
			if n := len(s.workers("ready")); n != c.start || n != len(s.workers("")) {
				t.Errorf("%d workers after the start, want %d", n, c.start)
			}
			a := s.running(t, deed{What: "mark", For: time.Hour})
			b := s.running(t, deed{What: "mark", For: time.Hour})
			await(t, func() bool { return len(s.workers("ready")) == c.after })
			a.Cancel()
			b.Cancel()
			_, _ = a.Result()
			_, _ = b.Result()
			if n := s.do.Pool().Stats().Started; int(n) != c.after {
				t.Errorf("%d workers were started, want %d", n, c.after)
			}
		})
	}
}

func TestIdleTimeout(t *testing.T) {
	for floor, p := range []legion.Pool{
		{Spawn: legion.Lazy, Max: 3},
		{Min: 1, Max: 3},
	} {
		p.IdleTimeout = 50 * time.Millisecond
		s := newSolo("solo", p).start(t)
		var all []*legion.Future[string]
		for range 3 {
			all = append(all, s.running(t, deed{What: "mark", For: time.Hour}))
		}
		if n := len(s.workers("ready")); n != 3 {
			t.Errorf("%d workers run three calls", n)
		}
		for _, fut := range all {
			fut.Cancel()
		}
		await(t, func() bool { return len(s.workers("")) == floor })
		s.must(t, deed{What: "pid"})
	}
}

// Eight calls meet in one process.
func TestConcurrency(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("crowd", legion.Pool{Max: 1, Concurrency: 8}).start(t)
	var all []*legion.Future[string]
	for range 8 {
		all = append(all, s.do.Go(t.Context(), deed{What: "meet", Size: 8}))
	}
	for _, fut := range all {
		if out, err := fut.Result(); err != nil || out != "met" {
			t.Errorf("%q, %v", out, err)
		}
	}
	// A death costs all that run, and those only.
	for i := range all {
		all[i] = s.running(t, deed{What: "mark", For: time.Hour})
	}
	queued := s.do.Go(t.Context(), deed{What: "pid"})
	if err := s.do.Pool().Kill(s.workers("ready")[0].PID); err != nil {
		t.Fatal(err)
	}
	for _, fut := range all {
		if _, err := fut.Result(); !errors.Is(err, legion.ErrCrashed) {
			t.Errorf("a call that ran: %v", err)
		}
	}
	if _, err := queued.Result(); err != nil {
		t.Errorf("the call that waited: %v", err)
	}
}

func TestMaxRunning(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t) // its task has MaxRunning 2
	var all []*legion.Future[string]
	for range 6 {
		all = append(all, k.task.Go(t.Context(), deed{What: "sleep", For: 30 * time.Millisecond}))
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for _, fut := range all {
			if _, err := fut.Result(); err != nil {
				t.Error(err)
			}
		}
	}()
	for most := 0; ; {
		st := k.task.Pool().Stats()
		most = max(most, len(st.Workers))
		if st.Running > 2 || most > 2 {
			t.Fatalf("%d calls run in %d processes", st.Running, most)
		}
		select {
		case <-over:
			if most != 2 {
				t.Errorf("at most %d processes at a time", most)
			}
			return
		default:
		}
	}
}
