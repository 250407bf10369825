package pool

import (
	"slices"
	"testing"
	"time"
)

// spareLab is a pool whose processes serve one call each, after its first call.
func spareLab(t *testing.T, cfg Config) (l *lab, first *Call) {
	cfg.Fresh, cfg.Spawn = true, Lazy
	l = newLab(t, cfg)
	if len(l.workers) != 0 {
		t.Fatal("processes are started before the first call")
	}
	first = l.give(0)
	if len(l.workers) != 1 {
		t.Fatalf("the first call starts %d processes", len(l.workers))
	}
	l.boot()
	return l, first
}

// wantWorkers checks how many processes there are, in the order of workerState.
func (l *lab) wantWorkers(what string, starting, ready, leaving int) {
	l.t.Helper()
	is := []int{len(l.in(workerStarting)), len(l.in(workerReady)), len(l.in(workerLeaving))}
	if want := []int{starting, ready, leaving}; !slices.Equal(is, want) {
		l.t.Fatalf("%s: starting, ready and leaving processes: %d, not %d", what, is, want)
	}
}

// The first call starts the first spare, and each call that takes a spare
// starts the next, until there are Max processes.
func TestSpareTakesTheCall(t *testing.T) {
	l, first := spareLab(t, Config{Max: 3, Spare: 1})
	l.wantWorkers("one call", 1, 1, 0)
	l.boot()
	spare := l.workers[1]
	second := l.give(0)
	if second.worker != spare {
		t.Fatal("the spare does not get the call at once")
	}
	l.wantWorkers("two calls", 1, 2, 0)
	l.boot()
	third := l.give(0)
	l.wantWorkers("as many calls as places", 0, 3, 0)
	fourth := l.give(0)
	l.answer(first, OK)
	l.wantWorkers("a call waits", 0, 2, 1)
	l.die(l.workers[0])
	l.wantWorkers("its process starts", 1, 2, 0)
	if l.boot(); fourth.worker == nil {
		t.Fatal("the call that has waited has no worker")
	}
	for _, c := range []*Call{second, third, fourth} {
		w := c.worker
		l.answer(c, OK)
		l.die(w)
	}
	l.wantWorkers("no call", 1, 0, 0)
}

// With one place, the spare starts when the running process has ended.
func TestSpareWaitsForItsPlace(t *testing.T) {
	l, c := spareLab(t, Config{Max: 1, Spare: 5})
	l.answer(c, OK)
	l.wantWorkers("the process leaves", 0, 0, 1)
	l.die(l.workers[0])
	l.wantWorkers("it is gone", 1, 0, 0)
	if l.boot(); l.give(0).worker == nil {
		t.Fatal("the spare does not get the call")
	}
	l.wantWorkers("it has a call", 0, 1, 0)
}

// Spares leave when no call has come for IdleTimeout, not when they are that
// old; without a limit they stay.
func TestSparesLeaveWhenIdle(t *testing.T) {
	for _, limit := range []time.Duration{time.Second, 0} {
		l, c := spareLab(t, Config{Max: 3, Spare: 2, IdleTimeout: limit})
		l.boot()
		l.answer(c, OK)
		l.die(l.workers[0])
		l.pass(900 * time.Millisecond)
		l.begin(l.give(0))
		l.boot()
		l.pass(900 * time.Millisecond)
		l.wantWorkers("0.9 s after a call", 0, 3, 0)
		l.pass(101 * time.Millisecond)
		if limit == 0 {
			l.wantWorkers("for ever", 0, 3, 0)
			continue
		}
		l.wantWorkers("1 s after a call", 0, 1, 2)
		l.die(l.in(workerLeaving)[0])
		l.die(l.in(workerLeaving)[0])
		l.pass(time.Hour)
		l.wantWorkers("later", 0, 1, 0)
		if l.give(0); len(l.in(workerStarting)) != 1 {
			t.Fatal("the next call starts no process")
		}
	}
}

// A process whose call was taken back before it started is a spare, and leaves
// if there are enough.
func TestSpareTooMany(t *testing.T) {
	for _, spare := range []int{0, 1} {
		l, c := spareLab(t, Config{Max: 1, Spare: spare})
		l.abort(c, 0)
		l.tickNow()
		l.wantWorkers("its call was taken back", 0, spare, 1-spare)
	}
}

// Pause, stop and recycle end all spares; after a recycle and a resume there
// are new ones.
func TestSparesLeave(t *testing.T) {
	for _, starting := range []bool{false, true} {
		for what, f := range map[string]func(l *lab, fx *effects){
			"pause":   func(l *lab, fx *effects) { l.pause(fx, l.now) },
			"halt":    func(l *lab, fx *effects) { l.halt(fx, l.now) },
			"stop":    func(l *lab, fx *effects) { l.stop(fx, l.now+time.Minute, l.now) },
			"recycle": func(l *lab, fx *effects) { l.recycle(fx, l.now) },
		} {
			l, c := spareLab(t, Config{Max: 3, Spare: 1})
			old, runs := l.workers[1], l.workers[0]
			if !starting {
				l.boot()
			}
			l.begin(c)
			l.step(func(fx *effects) { f(l, fx) })
			l.tickNow()
			if starting && what == "pause" {
				l.boot() // it starts, and leaves then
				l.tickNow()
			}
			if takes(old) {
				t.Errorf("%s, the spare is starting: %v: it stays", what, starting)
			}
			if what != "halt" && runs.state != workerReady && runs.state != workerLeaving {
				t.Errorf("%s: the process with a call is %v", what, runs.state)
			}
			if want := map[string]int{"recycle": 1}[what]; len(l.in(workerStarting)) != want {
				t.Errorf("%s, the spare is starting: %v: %d processes start, not %d", what, starting, len(l.in(workerStarting)), want)
			}
			l.die(old)
			l.step(func(fx *effects) { l.resume(fx, l.now) })
			if n := len(l.in(workerStarting)); what != "stop" && n != 1 {
				t.Errorf("after a %s, %d spares start", what, n)
			}
		}
	}
}

// A spare that dies counts as any worker that dies: the next one is put off,
// and too many fail the pool. No call ends with it.
func TestSpareDies(t *testing.T) {
	l, c := spareLab(t, Config{Max: 2, Spare: 1, MaxRestarts: 2, RestartWindow: time.Minute, BackoffMin: time.Second, BackoffMax: time.Second})
	l.die(l.workers[1])
	l.wantWorkers("it has died at its start", 0, 1, 0)
	l.pass(time.Second)
	l.wantWorkers("later", 1, 1, 0)
	l.boot()
	c2 := l.give(0)
	l.die(c2.worker) // before it has started the call
	l.wantWorkers("the call goes to another", 1, 1, 0)
	if l.boot(); c2.worker == nil || l.counts.Deaths != 2 || l.counts.Crashed != 0 {
		t.Fatalf("its call: %+v; %+v", c2.Outcome, l.counts)
	}
	w := c.worker
	l.answer(c, OK)
	l.die(w)
	l.boot()
	l.die(l.workers[1])
	if l.state() != StateFailed || c2.worker == nil {
		t.Fatalf("after three deaths the pool is %v", l.state())
	}
}
