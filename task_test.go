package legion_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// tasks is a daemon with one task, and what is told of its processes.
type tasks struct {
	d     *legion.Daemon
	do    *legion.Func[deed, string]
	ready chan event.WorkerStarted
	died  chan event.WorkerExited
}

func newTasks(opts legion.TaskOptions) *tasks {
	s := &tasks{d: legion.New(quiet("tasks")), ready: make(chan event.WorkerStarted, 100), died: make(chan event.WorkerExited, 100)}
	opts.Sandbox = box()
	s.do = legion.Task(s.d, "do", func(ctx context.Context, x deed) (string, error) { return new(tool).do(ctx, x) }, opts)
	if !legion.IsWorker() {
		legion.On(s.d, func(_ context.Context, e event.WorkerStarted) error { s.ready <- e; return nil })
		legion.On(s.d, func(_ context.Context, e event.WorkerExited) error { s.died <- e; return nil })
	}
	return s
}

// pid makes a call, and returns the pid of the process that ran it.
func (s *tasks) pid(t *testing.T) int {
	t.Helper()
	text, err := s.do.Call(t.Context(), deed{What: "pid"})
	pid, _ := strconv.Atoi(text)
	if err != nil || pid == 0 {
		t.Fatalf("pid %q, %v", text, err)
	}
	return pid
}

// spare makes the first call, and returns the pid of the spare that it leaves.
func (s *tasks) spare(t *testing.T) int {
	t.Helper()
	legiontest.Start(t, s.d)
	if n := len(s.do.Pool().Stats().Workers); n > 0 {
		t.Fatalf("there are %d processes before the first call", n)
	}
	if ran, started := s.pid(t), (<-s.ready).PID; ran != started {
		t.Fatalf("%d ran the first call, %d was started first", ran, started)
	}
	return (<-s.ready).PID
}

// The process of a call is ready before the call, but for the first one.
func TestSpareOfATask(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 2})
	spare := s.spare(t)
	for range 5 {
		if ran := s.pid(t); ran != spare {
			t.Fatalf("%d ran the call, the spare is %d", ran, spare)
		}
		spare = (<-s.ready).PID
	}
	await(t, func() bool { return len(s.do.Pool().Stats().Workers) == 1 })
	st := s.do.Pool().Stats()
	if w := st.Workers[0]; w.PID != spare || w.State != "ready" || w.Load != 0 || w.Calls != 0 || st.Started != 7 || st.Restarts != 0 {
		t.Errorf("the spare is %+v of %+v", w, st)
	}
	if err := s.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(spare, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after the stop, the spare: %v", err)
	}
}

// With MaxRunning 1 there is never a second process.
func TestSpareOfOneAtATime(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 1, Spare: 3})
	spare := s.spare(t)
	for range 3 {
		mark := t.TempDir() + "/runs"
		fut := s.do.Go(t.Context(), deed{What: "obstinate", Path: mark})
		await(t, func() bool { _, err := os.Stat(mark); return err == nil })
		if all := s.do.Pool().Stats().Workers; len(all) != 1 || all[0].PID != spare || fut.PID() != spare {
			t.Fatalf("beside %d there are %+v", spare, all)
		}
		fut.Cancel()
		if _, err := fut.Result(); err != nil {
			t.Fatal(err)
		}
		next := <-s.ready
		for (<-s.died).PID != spare {
		}
		spare = next.PID
	}
}

// Negative is none.
func TestNoSpare(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 2, Spare: -1})
	legiontest.Start(t, s.d)
	for range 3 {
		ran := s.pid(t)
		if e := <-s.died; e.PID != ran || !e.Expected {
			t.Fatalf("%d ran the call: %+v", ran, e)
		}
	}
	if st := s.do.Pool().Stats(); st.Started != 3 || len(st.Workers) != 0 {
		t.Errorf("%+v", st)
	}
}

// No spare from before a reload gets a call after it.
func TestReloadReplacesSpares(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 2})
	spare := s.spare(t)
	fut := s.do.Go(t.Context(), deed{What: "obstinate", Path: t.TempDir() + "/runs"})
	old := (<-s.ready).PID
	if err := s.d.Reload(t.Context()); err != nil { // it does not wait for the call that runs
		t.Fatal(err)
	}
	for range 3 {
		if ran := s.pid(t); ran == old || ran == spare {
			t.Fatal("an old spare runs a call")
		}
	}
	await(t, func() bool { return fut.PID() == spare && fut.State() == status.CallRunning })
	fut.Cancel()
	if _, err := fut.Result(); err != nil {
		t.Error(err)
	}
}

// Spares leave when the pool is paused, and when no call has come for a while.
func TestSparesGo(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 3, Spare: 2})
	p := s.do.Pool()
	gone := map[int]bool{s.spare(t): true, (<-s.ready).PID: true}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	for len(gone) > 0 {
		delete(gone, (<-s.died).PID)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	gone = map[int]bool{(<-s.ready).PID: true, (<-s.ready).PID: true}
	if err := p.Configure(func(p *legion.Pool) error { p.IdleTimeout = time.Millisecond; return nil }); err != nil {
		t.Fatal(err)
	}
	for len(gone) > 0 {
		delete(gone, (<-s.died).PID)
	}
	await(t, func() bool { return len(p.Stats().Workers) == 0 }) // the process of the call has ended, too
	if st := p.Stats(); st.Started != 5 || st.Restarts != 0 {
		t.Errorf("%+v", st)
	}
	s.pid(t) // and there are calls again
}
