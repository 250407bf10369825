package pool

import (
	"testing"
	"time"
)

// Scaling down ends the youngest workers that are too many, and no more.
func TestScalingDown(t *testing.T) {
	l := newLab(t, Config{Min: 4, Max: 4})
	oldest := l.workers[0]
	l.step(func(fx *effects) { l.scale(fx, 1, 2, l.now) })
	if len(l.in(workerReady)) != 2 || len(l.in(workerLeaving)) != 2 || oldest.state != workerReady {
		t.Errorf("%d serve, %d leave", len(l.in(workerReady)), len(l.in(workerLeaving)))
	}
	l.step(func(fx *effects) { l.scale(fx, 0, 1, l.now) })
	if len(l.in(workerReady)) != 1 || l.cfg.Min != 0 || l.cfg.Max != 1 {
		t.Errorf("%d serve", len(l.in(workerReady)))
	}
}

// A worker that leaves because there are too many takes along the one that
// starts in its place, which would be too many as soon as it is ready.
func TestScalingDownDuringAReplacement(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, MaxCalls: 1})
	older, younger := l.workers[0], l.workers[1]
	older.maxCalls = 0
	busy := l.give(0)
	c := l.give(0)
	l.answer(c, OK) // the younger one has done its work
	l.answer(busy, OK)
	if starting := l.in(workerStarting); len(starting) != 1 || starting[0].replaces != younger {
		t.Fatal("it is not being replaced")
	}
	l.step(func(fx *effects) { l.scale(fx, 1, 1, l.now) })
	l.die(younger)
	l.boot()
	if ready := l.in(workerReady); len(ready) != 1 || ready[0] != older {
		t.Errorf("%d workers serve", len(ready))
	}
}

// The replacement of a worker that is being killed is one of those that Max
// counts.
func TestScalingDownBesideAKilledWorker(t *testing.T) {
	for _, stacks := range []bool{true, false} {
		l := newLab(t, Config{Min: 2, Max: 2})
		l.step(func(fx *effects) { l.recycle(fx, l.now) })
		old := l.in(workerStarting)[0].replaces
		l.step(func(fx *effects) { l.kill(fx, old, CauseHeartbeat, stacks, l.now) })
		l.step(func(fx *effects) { l.scale(fx, 1, 1, l.now) })
		l.die(old)
		l.boot()
		if n := len(l.in(workerReady)); n != 1 {
			t.Errorf("%d workers serve, Max is 1", n)
		}
	}
}

// A looping worker that ends and is not replaced leaves a smaller pool.
func TestGoOnWithout(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 3, Looping: true, OnExit: Ignore})
	l.die(l.workers[0])
	if l.cfg.Min != 1 || l.cfg.Max != 2 || l.state() != StateRunning {
		t.Errorf("Min %d, Max %d", l.cfg.Min, l.cfg.Max)
	}
	if l.die(l.workers[0]); l.cfg.Min != 0 || l.cfg.Max != 1 || l.state() != StateFailed || l.core.last == nil {
		t.Errorf("Min %d, Max %d, it is %v", l.cfg.Min, l.cfg.Max, l.state())
	}
}

// That goes for one that is being replaced, too.
func TestGoOnWithoutItsReplacement(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Looping: true, OnExit: Ignore})
	l.step(func(fx *effects) { l.recycle(fx, l.now) })
	l.die(l.in(workerStarting)[0].replaces)
	l.boot()
	if n := len(l.in(workerReady)); n != 1 || l.cfg.Max != 1 {
		t.Errorf("%d workers serve, Max %d", n, l.cfg.Max)
	}
}

// One that is being killed is not replaced while it ends.
func TestGoOnWithoutAKilledOne(t *testing.T) {
	for _, stacks := range []bool{true, false} {
		l := newLab(t, Config{Min: 2, Max: 3, Looping: true, OnExit: Ignore})
		w := l.workers[0]
		l.step(func(fx *effects) { l.kill(fx, w, CauseHeartbeat, stacks, l.now) })
		l.tickNow()
		if n := len(l.in(workerStarting)); n != 0 {
			t.Errorf("%d workers start while it ends", n)
		}
		l.die(w)
		l.boot()
		if n := len(l.workers); n != 1 || l.cfg.Min != 1 || l.cfg.Max != 2 {
			t.Errorf("%d workers, Min %d, Max %d", n, l.cfg.Min, l.cfg.Max)
		}

		last := l.workers[0] // the operator ends it, and gets a new one
		l.step(func(fx *effects) { l.kill(fx, last, CauseKill, stacks, l.now) })
		l.die(last)
		l.boot()
		if n := len(l.in(workerReady)); n != 1 || l.cfg.Min != 1 {
			t.Errorf("%d workers serve, Min %d", n, l.cfg.Min)
		}
	}
}

// A pool without workers that stops finishes the calls that wait, and says that
// it is stopping, not that it has.
func TestStopOfAHaltedPool(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	l.step(func(fx *effects) { l.halt(fx, l.now) })
	l.die(l.workers[0])
	c := l.give(0)
	if s := l.summary(l.now); s.State != StateStopped || c.worker != nil {
		t.Fatalf("it is %v, and its call has the worker %v", s.State, c.worker)
	}
	l.step(func(fx *effects) { l.stop(fx, l.now+time.Minute, l.now) })
	if s := l.summary(l.now); s.State != StateStopping {
		t.Errorf("while it stops, it is %v", s.State)
	}
	l.tickNow()
	l.boot()
	if l.answer(c, OK); c.Kind != OK {
		t.Errorf("its call ended as %v", c.Kind)
	}
}
