package legion_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// pids returns the workers that serve.
func (s *solo) pids() (pids []int) {
	for _, w := range s.workers("ready") {
		pids = append(pids, w.PID)
	}
	return pids
}

// End takes one worker away when it has finished what it runs, and another
// takes its place; the end of its context does not wait for that.
func TestEndOfOneWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Min: 1, Max: 1}).start(t)
	pool := s.do.Pool()
	fut := s.running(t, deed{What: "mark", For: 100 * time.Millisecond})
	first := fut.PID()
	if err := pool.End(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	select {
	case <-fut.Done():
	default:
		t.Error("End has returned before the call that ran had ended")
	}
	if out, err := fut.Result(); out != "waited" || err != nil {
		t.Errorf("the call that ran: %q, %v", out, err)
	}
	if err := syscall.Kill(first, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("its process is still there: %v", err)
	}
	if pid := s.must(t, deed{What: "pid"}); pid == fmt.Sprint(first) {
		t.Error("it goes on serving")
	}

	fut = s.running(t, deed{What: "mark", For: time.Hour})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pool.End(ended, fut.PID()); !errors.Is(err, context.Canceled) {
		t.Errorf("without patience: %v", err)
	}
	if s.must(t, deed{What: "pid"}) == fmt.Sprint(fut.PID()) || len(s.workers("leaving")) != 1 {
		t.Errorf("the worker that is to leave: %+v", s.workers(""))
	}
	if err := pool.Kill(fut.PID()); err != nil {
		t.Error(err)
	}
	if _, err := fut.Result(); !errors.Is(err, legion.ErrCrashed) {
		t.Errorf("the call of a worker that was killed: %v", err)
	}
	if err := pool.End(t.Context(), 1); err == nil {
		t.Error("a process that is no worker can be ended")
	}
	if st := pool.Stats(); st.Restarts != 0 {
		t.Errorf("%d ends count as unexpected", st.Restarts)
	}
}

func TestKillAll(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Min: 2, Max: 2}).start(t)
	before := s.pids()
	all := []*legion.Future[string]{s.running(t, deed{What: "mark", For: time.Hour}), s.running(t, deed{What: "mark", For: time.Hour})}
	waiting := s.do.Go(t.Context(), deed{What: "pid"})
	if err := s.do.Pool().KillAll(); err != nil {
		t.Fatal(err)
	}
	for _, fut := range all {
		if _, err := fut.Result(); !errors.Is(err, legion.ErrCrashed) {
			t.Errorf("a call that ran: %v", err)
		}
	}
	if out, err := waiting.Result(); err != nil || out == fmt.Sprint(before[0]) || out == fmt.Sprint(before[1]) {
		t.Errorf("a call that waited: %q, %v", out, err)
	}
	await(t, func() bool { return len(s.pids()) == 2 })
	for _, pid := range before {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", pid, err)
		}
	}
}

func TestSignalToAWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Min: 1, Max: 1}).start(t)
	pool := s.do.Pool()
	fut := s.running(t, deed{What: "mark", For: time.Hour})
	pid := fut.PID()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGABRT} { // of the first two it takes no notice
		if err := pool.Signal(pid, sig); err != nil {
			t.Fatal(err)
		}
	}
	var died *legion.WorkerError
	if _, err := fut.Result(); !errors.As(err, &died) || died.PID != pid || died.ExitCode != 2 || died.KilledBy != "" {
		t.Errorf("SIGABRT after SIGTERM and SIGUSR1: %v", err)
	}
	fut = s.running(t, deed{What: "mark", For: time.Hour})
	if err := pool.Signal(fut.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := fut.Result(); !errors.As(err, &died) || died.KilledBy != "kill" {
		t.Errorf("SIGKILL: %v", err)
	}
	if err := pool.Signal(1, syscall.SIGTERM); err == nil {
		t.Error("a process that is no worker gets signals")
	}
}

// A pool that is stopped has no workers, and calls wait until it goes on.
func TestStoppedPool(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLooping(legion.Pool{Min: 2})
	ended := make(chan event.WorkerExited, 100)
	legion.On(l.d, func(_ context.Context, e event.WorkerExited) error { ended <- e; return nil })
	legiontest.Start(t, l.d)
	if l.turns(t) < 0 {
		t.Error("it does not loop")
	}
	for range 2 { // the second time there is nothing to do
		if err := l.pool.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st := l.pool.Stats(); st.State != "stopped" || len(st.Workers) != 0 || st.Max != 2 {
			t.Errorf("a stopped pool: %+v", st)
		}
	}
	for range 2 {
		if e := <-ended; !e.Expected {
			t.Errorf("its workers were not willed to end: %+v", e)
		}
	}
	waiting := l.pid.Go(t.Context(), struct{}{})
	for name, change := range map[string]func() error{"Recycle": l.pool.Recycle, "Pause": l.pool.Pause} {
		if err := change(); err == nil || !strings.Contains(err.Error(), "is stopped; resume it") || errors.Is(err, legion.ErrStopped) {
			t.Errorf("%s of a stopped pool: %v", name, err)
		}
	}
	if err := l.pool.Scale(2, 2); err != nil || waiting.State() != status.CallQueued {
		t.Errorf("a call to a stopped pool is %v, %v", waiting.State(), err)
	}
	err := l.pool.Configure(func(p *legion.Pool) error {
		p.Queue = 7
		return l.pool.Scale(1, 3) // one meanwhile stays
	})
	if st := l.pool.Stats(); err != nil || st.Min != 1 || st.Max != 3 {
		t.Errorf("a stopped pool that was configured has %d..%d workers: %v", st.Min, st.Max, err)
	}
	if err := l.pool.Resume(); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Result(); err != nil {
		t.Error(err)
	}
	await(t, func() bool { return l.turns(t) > 2 })
	if st := l.pool.Stats(); st.State != "running" || st.Restarts != 0 {
		t.Errorf("a pool that goes on: %+v", st)
	}
	if err := l.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.pool.Configure(func(*legion.Pool) error { return nil }); !errors.Is(err, legion.ErrStopped) {
		t.Errorf("Configure after the daemon's end: %v", err)
	}
}

// Configure changes limits that are in force at once, and nothing of a mistake.
func TestConfigureOfARunningPool(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, KillGrace: 20 * time.Millisecond}).start(t)
	pool := s.do.Pool()
	configure := func(change func(*legion.Pool)) error {
		return pool.Configure(func(p *legion.Pool) error { change(p); return nil })
	}
	if err := pool.Scale(0, 2); err != nil {
		t.Fatal(err)
	}
	patient := s.running(t, deed{What: "mark", For: time.Hour})
	if err := configure(func(p *legion.Pool) { p.Timeout, p.Max = 30*time.Millisecond, 1 }); err != nil {
		t.Fatal(err)
	}
	if st := pool.Stats(); st.Min != 0 || st.Max != 1 {
		t.Errorf("0..%d workers, Min is %d", st.Max, st.Min)
	}
	if _, err := s.do.Call(t.Context(), deed{}); !errors.Is(err, legion.ErrTimeout) {
		t.Errorf("a call with the new Timeout: %v", err)
	}
	if patient.State() != status.CallRunning {
		t.Errorf("a call from before it is %v", patient.State())
	}
	if err := configure(func(p *legion.Pool) { p.Timeout, p.Queue = 0, 1 }); err != nil {
		t.Fatal(err)
	}
	waiting := s.do.Go(t.Context(), deed{What: "pid"})
	if _, err := s.do.Call(t.Context(), deed{}); !errors.Is(err, legion.ErrQueueFull) {
		t.Errorf("a call beyond the new Queue: %v", err)
	}
	patient.Cancel()
	if _, err := waiting.Result(); err != nil {
		t.Error(err)
	}
	before := s.must(t, deed{What: "pid"})
	if err := configure(func(p *legion.Pool) { p.MaxCalls = 1 }); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return s.must(t, deed{What: "pid"}) != before })

	for name, change := range map[string]func(*legion.Pool){
		"Nice":     func(p *legion.Pool) { p.Nice = 3; p.MaxCalls = 7 },
		"OnReturn": func(p *legion.Pool) { p.OnReturn = func(legion.CallEnd) {} },
		"Queue":    func(p *legion.Pool) { p.Queue = -1 },
	} {
		var wrong *legion.FieldError
		if err := configure(change); !errors.As(err, &wrong) || wrong.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	failed := errors.New("no file")
	if err := pool.Configure(func(p *legion.Pool) error {
		if p.MaxCalls != 1 || p.Queue != 1 || p.Timeout != 0 {
			t.Errorf("in force are %+v", *p)
		}
		return failed
	}); !errors.Is(err, failed) {
		t.Error(err)
	}
}
