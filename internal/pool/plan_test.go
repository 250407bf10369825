package pool

import (
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// Calls that wait inside a worker are a reason for another one if they wait
// long.
func TestDemand(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 8, Ahead: 128})
	w := l.workers[0]
	w.service = 10 * time.Microsecond
	first := l.give(0)
	for range 8 {
		l.give(0)
	}
	for took, want := range map[time.Duration]int{stallAfter / 9: 0, stallAfter/8 - 1: 0, stallAfter / 8: 8} {
		if w.service = took; l.demand(l.now) != want {
			t.Errorf("8 calls of %v behind one: demand %d", took, l.demand(l.now))
		}
	}
	w.service = 10 * time.Microsecond
	if l.begin(first); len(l.workers) != 1 || l.demand(l.now+stallAfter) != 8 || l.demand(l.now+stallAfter-1) != 0 {
		t.Errorf("%d workers; 8 calls behind one that hangs: demand %d", len(l.workers), l.demand(l.now+stallAfter))
	}
	if l.pass(2 * stallAfter); len(l.workers) != 8 {
		t.Errorf("%d workers", len(l.workers))
	}
	l = newLab(t, Config{Min: 1, Max: 8, Ahead: 128})
	l.workers[0].service = time.Microsecond
	l.give(0)
	l.give(0)
	l.step(func(fx *effects) { l.pause(fx, l.now) })
	if l.pass(time.Second); l.demand(l.now) != 0 {
		t.Errorf("a paused pool has a demand of %d", l.demand(l.now))
	}
}

// Workers are started as Spawn says; one at a time after one that did not
// start.
func TestWhenWorkersAreStarted(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 4, Spawn: Lazy, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond})
	if len(l.workers) != 0 {
		t.Errorf("lazy: %d workers before the first call", len(l.workers))
	}
	l.give(0)
	if len(l.workers) != 2 {
		t.Errorf("lazy: %d workers", len(l.workers))
	}
	for _, w := range slices.Clone(l.workers) {
		l.die(w)
	}
	l.pass(time.Second)
	if l.tickNow(); len(l.workers) != 1 {
		t.Errorf("%d are started after two that died", len(l.workers))
	}
	if l.boot(); len(l.workers) != 2 {
		t.Errorf("%d workers after the first one is ready", len(l.workers))
	}
	l = newLab(t, Config{Max: 4})
	l.give(0)
	l.give(0)
	if l.tickNow(); len(l.workers) != 2 {
		t.Errorf("%d workers start for two calls", len(l.workers))
	}
	for spawn, want := range map[Spawn]int{Mixed: 2, Eager: 4} {
		if l := newLab(t, Config{Min: 2, Max: 4, Spawn: spawn}); len(l.workers) != want {
			t.Errorf("spawn %d: %d workers", spawn, len(l.workers))
		}
	}
}

// A worker leaves for idleness only when more are ready than are kept.
func TestIdleWorkersLeave(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 2, IdleTimeout: 50 * time.Millisecond})
	a, b := l.give(0), l.give(0)
	l.abort(b, wire.CauseCanceled)
	l.answer(a, OK)
	if l.pass(time.Second); len(l.in(workerReady)) != 1 || len(l.in(workerStarting)) != 1 {
		t.Errorf("one leaves although the other one is not ready: %d serve", len(l.in(workerReady)))
	}
	l.boot()
	a, b = l.give(0), l.give(0)
	l.answer(a, OK)
	l.answer(b, OK)
	l.pass(50*time.Millisecond - 1)
	if n := len(l.in(workerReady)); n != 2 {
		t.Errorf("%d serve too early", n)
	}
	if l.pass(time.Second); len(l.in(workerReady)) != 1 || l.counts.Started != 2 {
		t.Errorf("%d serve, %d were started", len(l.in(workerReady)), l.counts.Started)
	}
}

// What is started together does not end together.
func TestJitter(t *testing.T) {
	l := newLab(t, Config{Jitter: 0.1, MaxCalls: 1000, MaxAge: time.Second, BackoffMin: time.Second, BackoffMax: time.Minute})
	var calls, ages, waits []time.Duration
	var fx effects
	for range 100 {
		w := l.spawn(&fx, nil, l.now)
		calls, ages = append(calls, time.Duration(w.maxCalls)), append(ages, w.maxAge)
		l.notUntil = 0
		l.delayStart(time.Second, 0, time.Minute, 0)
		waits = append(waits, l.notUntil)
		l.notUntil = 0
		l.countDeath(&fx, w, &Death{Lacking: true}, true, false, 0)
		waits = append(waits, l.notUntil*time.Second/lackingWait)
	}
	for name, all := range map[string][]time.Duration{"MaxCalls": calls, "MaxAge": ages, "waits": waits} {
		one := map[string]time.Duration{"MaxCalls": 1000}[name]
		if one == 0 {
			one = time.Second
		}
		lo, hi := slices.Min(all), slices.Max(all)
		if lo < one*90/100 || lo > one*95/100 || hi > one*110/100 || hi < one*105/100 {
			t.Errorf("%s between %d and %d", name, lo, hi)
		}
	}
	l = newLab(t, Config{})
	if l.delayStart(1<<62, 1, time.Minute, 0); l.notUntil != time.Minute {
		t.Errorf("a wait that is too long for a number is %v", l.notUntil)
	}
	if w := newLab(t, Config{Min: 1, Max: 1}).workers[0]; w.maxCalls != 0 || w.maxAge != 0 || w.due != 0 {
		t.Errorf("without limits: %+v", w)
	}
}

// A worker that becomes ready takes what waits inside a stalled one at once.
func TestWhoBecomesReadySteals(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 2, Ahead: 128})
	l.workers[0].service = time.Microsecond
	l.begin(l.give(0))
	waits := l.give(0)
	l.pass(2 * stallAfter)
	if len(l.in(workerStarting)) != 1 || waits.worker != l.workers[0] {
		t.Fatalf("%d start", len(l.in(workerStarting)))
	}
	if l.boot(); waits.worker != l.workers[1] {
		t.Error("it has not taken the call")
	}
}

// While a pool that stops has calls waiting, its workers stay, even if they
// have nothing to do at the moment; when nothing waits any more, they are told
// at once.
func TestStopWithCallsThatWait(t *testing.T) {
	stopped := func() (*lab, *Call) {
		l := newLab(t, Config{Min: 2, Max: 2})
		for _, w := range l.workers {
			l.step(func(fx *effects) { l.pauseWorker(fx, w, true, l.now) })
		}
		c := l.give(0)
		l.step(func(fx *effects) { l.stop(fx, l.now+time.Hour, l.now) })
		l.tickNow()
		if n := len(l.in(workerReady)); n != 2 {
			t.Fatalf("%d workers serve", n)
		}
		return l, c
	}
	l, c := stopped()
	if l.abort(c, wire.CauseCanceled); !l.last.poke {
		t.Error("nobody looks after the cancellation of what waited")
	}
	l, c = stopped()
	l.workers[0].paused = false
	if l.step(func(fx *effects) { l.dispatch(fx, l.now) }); c.worker == nil || !l.last.poke {
		t.Error("nobody looks after what waited has gone to a worker")
	}
}

// A stop ends a pause: calls that wait go to the workers, and those that no
// worker can take have workers started for them.
func TestStopEndsAPause(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 2})
	l.step(func(fx *effects) { l.pause(fx, l.now) })
	a, b := l.give(0), l.give(0)
	l.step(func(fx *effects) { l.stop(fx, l.now+time.Hour, l.now) })
	if a.worker == nil || b.worker != nil || !l.last.poke {
		t.Errorf("the calls are in %v and %v", a.worker, b.worker)
	}
	l.die(l.workers[0])
	l.tickNow()
	l.boot()
	for _, c := range []*Call{a, b} {
		if c.worker == nil {
			t.Fatal("a call waits in a pool that stops")
		}
		l.answer(c, OK)
	}
}

// A stop can be hurried, not put off, and not begun again when it is over.
func TestHurriedStop(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, KillGrace: time.Second})
	l.begin(l.give(0))
	stop := func(in time.Duration) time.Duration {
		l.step(func(fx *effects) { l.stop(fx, l.now+in, l.now) })
		return l.stopUntil - l.now
	}
	for _, test := range []struct{ in, want time.Duration }{
		{time.Minute, 57 * time.Second}, {2 * time.Minute, 57 * time.Second}, {10 * time.Second, 7 * time.Second},
		{4 * time.Second, 2 * time.Second}, {10 * time.Second, 2 * time.Second},
	} {
		if got := stop(test.in); got != test.want {
			t.Errorf("a stop within %v cancels calls after %v, not %v", test.in, got, test.want)
		}
	}
	if l.pass(2 * time.Second); l.stopUntil != 0 {
		t.Error("it has not come to cancelling")
	}
	if stop(time.Hour); l.stopUntil != 0 {
		t.Error("it waits again")
	}
	l.die(l.workers[0])
	l.tickNow()
	if stop(time.Hour); l.state() != StateStopped {
		t.Errorf("after its end it is %v", l.state())
	}
}

// Processes that SIGKILL does not end are not waited for by a stop, and fail
// the pool only when they take every place. They do not mend a pool that has
// failed for another reason.
func TestPlacesOfStuckProcesses(t *testing.T) {
	jam := func(l *lab) {
		for n := len(l.workers); n > 0 && len(l.in(workerStuck)) < l.places(); n-- {
			for _, w := range l.in(workerReady) {
				l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) })
			}
			l.pass(killBound)
			l.tickNow()
			l.boot()
		}
	}
	l := newLab(t, Config{Min: 2, Max: 2})
	if jam(l); len(l.in(workerStuck)) != 3 || l.state() != StateFailed || !l.failedStuck {
		t.Fatalf("%d are stuck, the pool is %v", len(l.in(workerStuck)), l.state())
	}
	if l.tickNow(); l.state() != StateFailed || l.last.news.failed != "" {
		t.Errorf("it is %v, and fails again: %s", l.state(), l.last.news.failed)
	}
	l.step(func(fx *effects) { l.fail(fx, "again", l.now) })
	if l.die(l.in(workerStuck)[0]); l.state() != StateRunning {
		t.Errorf("with a place it is %v", l.state())
	}

	l = newLab(t, Config{Min: 2, Max: 2})
	l.step(func(fx *effects) { l.fail(fx, "for another reason", l.now) })
	for _, w := range l.in(workerReady) {
		l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) })
	}
	l.cfg.Max = 1
	l.pass(killBound)
	l.tickNow()
	l.die(l.in(workerStuck)[0])
	if l.tickNow(); l.state() != StateFailed {
		t.Errorf("a pool that has failed is %v", l.state())
	}
}

// A roll waits for a place, but not for a stuck process.
func TestRollWithoutRoom(t *testing.T) {
	stick := func(l *lab, w *worker) {
		l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) })
		l.pass(killBound)
		l.tickNow()
		l.boot()
	}
	recycle := func(l *lab) string {
		l.step(func(fx *effects) { l.recycle(fx, l.now) })
		return l.last.news.kept
	}
	l := newLab(t, Config{Min: 2, Max: 2})
	stick(l, l.workers[0])
	if n := len(l.in(workerReady)); n != 2 || recycle(l) == "" {
		t.Errorf("%d serve, one is stuck: the roll waits for it", n)
	}
	l = newLab(t, Config{Min: 2, Max: 2})
	stick(l, l.workers[0])
	l.begin(l.give(0))
	l.begin(l.give(0))
	l.step(func(fx *effects) { l.leave(fx, l.in(workerReady)[0], forIdle, l.now) })
	if kept := recycle(l); kept != "" {
		t.Errorf("one is stuck and one leaves: %s", kept)
	}
	if l.die(l.in(workerLeaving)[0]); len(l.in(workerStarting)) == 0 {
		t.Error("the roll does not go on")
	}
	l = newLab(t, Config{Max: 1, Fresh: true, Spawn: Lazy})
	l.give(0)
	l.boot()
	if kept := recycle(l); kept != "" {
		t.Errorf("every worker is busy: %s", kept)
	}
}

// A shorter Timeout holds for calls that are made after it, beside those that
// have a longer one.
func TestShorterTimeout(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Timeout: time.Second})
	long := l.give(0)
	cfg := l.cfg
	cfg.Timeout, cfg.Max, cfg.MaxCalls, cfg.MaxMemory, cfg.MaxRestarts = time.Millisecond, 2, 3, 4, 5
	l.step(func(fx *effects) { l.configure(fx, cfg, l.now) })
	short := l.give(0)
	if w := l.workers[0]; l.cfg.Max != 2 || w.maxCalls != 3 || l.cfg.MaxMemory != 4 || l.cfg.MaxRestarts != 5 {
		t.Errorf("%+v, MaxCalls of the worker %d", l.cfg, w.maxCalls)
	}
	if l.pass(time.Millisecond); short.Kind != Timeout || long.Kind != 0 {
		t.Errorf("the calls have ended as %v and %v", short.Kind, long.Kind)
	}
	if l.pass(time.Second); long.Kind != Timeout {
		t.Errorf("the longer one has ended as %v", long.Kind)
	}
	cfg.MaxCalls = 0
	if l.step(func(fx *effects) { l.configure(fx, cfg, l.now) }); l.workers[0].maxCalls != 0 {
		t.Error("MaxCalls cannot be lifted")
	}
}

// A pool that fails in a pause has failed, and what a roll had begun stays.
func TestFailureInAPause(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2})
	l.step(func(fx *effects) { l.pause(fx, l.now); l.recycle(fx, l.now) })
	waits := l.give(0)
	l.step(func(fx *effects) { l.fail(fx, "for a test", l.now) })
	if l.state() != StateFailed || waits.Kind != PoolFailed || l.last.news.kept != "the pool has failed: for a test" || l.workers[0].retiring != "" {
		t.Errorf("it is %v, the call has ended as %v, kept %q", l.state(), waits.Kind, l.last.news.kept)
	}
	l.step(func(fx *effects) { l.resume(fx, l.now) })
	if c := l.give(0); c.worker == nil || !l.last.poke && l.state() != StateRunning {
		t.Error("it does not go on")
	}
}

// The loop of a worker is held while its pool or the worker itself is paused.
func TestHeldLoops(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Looping: true})
	w := l.workers[0]
	l.step(func(fx *effects) { l.pause(fx, l.now) })
	for _, on := range []bool{true, false} {
		l.step(func(fx *effects) { l.pauseWorker(fx, w, on, l.now) })
		if slices.Contains(l.ops(), opResume) {
			t.Error("a loop goes on in a paused pool")
		}
	}
	l.step(func(fx *effects) { l.pauseWorker(fx, w, true, l.now) })
	if l.step(func(fx *effects) { l.resume(fx, l.now) }); slices.Contains(l.ops(), opResume) {
		t.Error("the loop of a paused worker goes on")
	}
	if l.step(func(fx *effects) { l.pauseWorker(fx, w, false, l.now) }); !slices.Contains(l.ops(), opResume) {
		t.Error("it does not go on at all")
	}
	l.die(w)
	l.pass(time.Second)
	w = l.in(workerStarting)[0]
	w.marks = labMarks{}
	l.step(func(fx *effects) { l.pauseWorker(fx, w, true, l.now) })
	if l.step(func(fx *effects) { l.becameReady(fx, w, l.now) }); !slices.Contains(l.ops(), opPause) || w.loop != loopRuns {
		t.Errorf("a worker that was paused while it started: %v, its loop is %q", l.ops(), w.loop)
	}
}
