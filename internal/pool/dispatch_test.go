package pool

import (
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// No call has the identity 0, also when the generations of its slot begin
// again: it stands for no call, and a worker would take such a one for
// cancelled.
func TestNoCallIsNone(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 1})
	w := l.workers[0]
	w.gens[0] = wire.GenMask - 1
	for range 3 {
		c := l.give(1)
		if c.id == 0 || l.lookup(w, c.id) != c {
			t.Errorf("a call has the identity %x", c.id)
		}
		l.begin(c)
		l.answer(c, OK)
	}
}

// A payload is said to fit only if the worker need not read anything for it.
func TestWhatFitsIntoALink(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 30})
	fits := func(size int) bool {
		t.Helper()
		l.give(size)
		if l.last.sends.n != 1 {
			t.Fatalf("%d sends", l.last.sends.n)
		}
		return l.last.sends.at(0).fits
	}
	if fits(fitsCall + 1) {
		t.Error("what is too large by itself fits")
	}
	l.answer(l.held(l.workers[0])[0], OK)
	for n := range fitsAll / fitsCall {
		if !fits(fitsCall) {
			t.Errorf("payload %d does not fit", n)
		}
	}
	if fits(1) {
		t.Error("more than all of it fits")
	}
	l.abort(l.held(l.workers[0])[0], wire.CauseCanceled)
	l.abort(l.held(l.workers[0])[0], wire.CauseCanceled)
	if fits(1) {
		t.Error("what was taken back may not have been read")
	}
	answerAll := func() {
		t.Helper()
		for _, c := range l.held(l.workers[0]) {
			l.answer(c, OK)
		}
		for range fitsAll / fitsCall {
			if !fits(fitsCall) {
				t.Error("the worker has answered everything, and is said to have unread bytes")
			}
		}
	}
	answerAll()
	l.abort(l.held(l.workers[0])[0], wire.CauseCanceled)
	l.answer(l.held(l.workers[0])[0], OK)
	if !fits(fitsCall) || fits(1) {
		t.Error("one answer of many is taken for the end of what may be unread")
	}
	answerAll()
	w := l.workers[0]
	l.begin(l.held(w)[0])
	for _, on := range []bool{true, false} {
		l.step(func(fx *effects) { l.pauseWorker(fx, w, on, l.now) })
	}
	if n := l.last.sends.n; n == 0 || l.last.sends.at(0).fits {
		t.Errorf("%d sends; what a paused worker has given back may not have been read", n)
	}
}

// Work is put into a worker ahead of need as far as it will soon be done, and
// not behind a call that takes longer than was to be expected.
func TestWorkAhead(t *testing.T) {
	for _, test := range []struct {
		took        time.Duration
		concurrency int
		ahead, want int
	}{
		{10 * time.Microsecond, 1, 128, 10},
		{10 * time.Microsecond, 1, 4, 4},
		{10 * time.Microsecond, 2, 128, 20}, // two at a time
		{60 * time.Microsecond, 1, 128, 1},
		{time.Millisecond, 1, 128, 0},
		{10 * time.Microsecond, 1, 0, 0},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, Concurrency: test.concurrency, Ahead: test.ahead})
		for range test.concurrency {
			l.give(0)
		}
		more := l.give(0)
		if n := l.workers[0].load; n != test.concurrency {
			t.Errorf("%+v: %d calls before anything is known", test, n)
		}
		l.abort(more, wire.CauseCanceled)
		l.now += test.took
		for _, c := range l.held(l.workers[0]) {
			l.answer(c, OK)
		}
		for range test.concurrency {
			l.begin(l.give(0))
		}
		quick := l.room(l.workers[0], l.now)
		l.now += 2 * time.Millisecond
		if slow := l.room(l.workers[0], l.now); quick != test.concurrency+test.want || slow != test.concurrency {
			t.Errorf("%+v: room for %d calls, behind slow ones for %d", test, quick, slow)
		}
		for _, c := range l.held(l.workers[0]) {
			l.now += test.took
			l.answer(c, OK)
		}
		l.workers[0].service = test.took / time.Duration(test.concurrency)
		for range 200 {
			if c := l.give(0); c.Kind == QueueFull {
				break
			}
		}
		got := l.workers[0].load
		if got != test.concurrency+test.want {
			t.Errorf("%+v: %d calls are in the worker", test, got)
		}
		if slow := l.held(l.workers[0]); len(slow) > test.concurrency {
			l.begin(slow[len(slow)-1])
			l.pass(2 * time.Millisecond)
			if l.room(l.workers[0], l.now) != test.concurrency {
				t.Errorf("%+v: %d calls may wait behind a slow one", test, l.room(l.workers[0], l.now))
			}
		}
	}
}

// The time of a call is an average that moves by an eighth.
func TestMeasure(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	w := l.workers[0]
	for _, test := range []struct{ took, want time.Duration }{{800, 800}, {1600, 900}, {100, 800}, {0, 701}} {
		c := l.give(0)
		l.now += test.took
		l.answer(c, OK)
		if w.service != test.want {
			t.Errorf("after %v: %v, want %v", test.took, w.service, test.want)
		}
	}
}

// The time of one call is neither that of those before it in the worker, nor
// that of those beside it.
func TestMeasureOfManyCalls(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Ahead: 128})
	l.workers[0].service = 800
	a, b := l.give(0), l.give(0)
	for _, c := range []*Call{a, b} {
		l.now += 800
		l.answer(c, OK)
	}
	if got := l.workers[0].service; got != 800 {
		t.Errorf("behind another one: %v", got)
	}
	l = newLab(t, Config{Min: 1, Max: 1, Concurrency: 2})
	l.now = time.Second
	c := l.give(0)
	l.give(0)
	l.now += 800
	l.answer(c, OK)
	if got := l.workers[0].service; got != 400 {
		t.Errorf("two at a time: %v", got)
	}
}

// What is told of a worker is the call that it has been running longest.
func TestLongestRunningCall(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 2})
	c := NewCall()
	c.Func = 1
	l.now = 5
	l.step(func(fx *effects) { l.submit(fx, c, l.now) })
	l.now = 10
	l.give(0)
	if w := l.stats(20).Workers[0]; w.Call != "g" || w.For != 15 {
		t.Errorf("%q for %v", w.Call, w.For)
	}
}

// A call that was taken back before it was started has no time of its start,
// unless an earlier try had one.
func TestTimeOfTheStart(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 3})
	a, b, c := l.give(0), l.give(0), l.give(0)
	c.tries = 1
	l.abort(a, wire.CauseCanceled)
	l.step(func(fx *effects) { l.pauseWorker(fx, l.workers[0], true, l.now) })
	if a.given != 0 || b.given != 0 || c.given == 0 {
		t.Errorf("%v, %v, %v", a.given, b.given, c.given)
	}
}

// Only the end of a call that says that its function works ends a series of
// deaths.
func TestWhatEndsAStreak(t *testing.T) {
	for kind, want := range map[Kind]int{OK: 0, Failed: 0, Panicked: 5, Refused: 5} {
		l := newLab(t, Config{Min: 1, Max: 1})
		l.streak = 5
		if l.answer(l.give(0), kind); l.streak != want {
			t.Errorf("after the end of a call as %v: %d", kind, l.streak)
		}
	}
}

// What waits inside the workers of a pool that has failed stays there, and ends
// with the pool's failure if it comes back.
func TestCallsInAFailedPool(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Ahead: 128, Retry: 1})
	busy := l.workers[0]
	busy.service = time.Microsecond
	l.workers[1].paused = true
	runs := l.give(0)
	l.begin(runs)
	waits, queued := l.give(0), (*Call)(nil)
	l.step(func(fx *effects) { l.pauseWorker(fx, busy, true, l.now) })
	queued = l.give(0)
	l.step(func(fx *effects) { l.pauseWorker(fx, busy, false, l.now) })
	l.workers[1].paused = false
	l.step(func(fx *effects) { l.fail(fx, "for a test", l.now) })
	l.pass(10 * stallAfter)
	if l.tickNow(); waits.worker != busy || queued.worker != busy {
		t.Fatalf("the calls are in %v and %v", waits.worker, queued.worker)
	}
	if l.die(busy); waits.Kind != PoolFailed || waits.Reason != "for a test" || queued.Kind != PoolFailed {
		t.Errorf("the calls have ended as %v (%s) and %v", waits.Kind, waits.Reason, queued.Kind)
	}
	if runs.Kind != Crashed || runs.tries != 0 {
		t.Errorf("the one that ran has ended as %v after %d tries", runs.Kind, runs.tries)
	}
}

// What a worker gives back when it leaves, or when it is stuck in the kernel,
// goes to another one at once.
func TestWhatALeavingWorkerGivesBack(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Ahead: 128, Retry: 1})
	w, other := l.workers[0], l.workers[1]
	w.service, other.paused = time.Microsecond, true
	runs := l.give(0)
	l.begin(runs)
	waits := l.give(0)
	other.paused = false
	if l.step(func(fx *effects) { l.leave(fx, w, forIdle, l.now) }); waits.worker != other {
		t.Error("it does not when it leaves")
	}
	l.answer(waits, OK)
	l.die(w)
	l.answer(runs, OK) // it was tried again
	l.boot()
	w = l.in(workerReady)[1]
	w.service, other.paused = time.Microsecond, true
	runs = l.give(0)
	l.begin(runs)
	waits = l.give(0)
	other.paused = false
	if l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) }); waits.worker != other {
		t.Error("it does not when it is killed")
	}
	l.answer(waits, OK)
	l.now += killBound
	if l.step(func(fx *effects) { l.core.tickWorker(fx, w, l.now) }); runs.worker != other {
		t.Error("it does not when it is stuck")
	}
}

// A stream is never tried again, and its crash is no sign of a poisonous call.
func TestCrashOfAStream(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Retry: 1})
	c := NewCall()
	c.Stream = func([]byte) error { return nil }
	l.step(func(fx *effects) { l.submit(fx, c, l.now) })
	l.begin(c)
	if l.die(c.worker); c.Kind != Crashed || c.tries != 0 {
		t.Errorf("it ends as %v after %d tries", c.Kind, c.tries)
	}
}

// A call that is taken back before it was started makes room for the next at
// once, and lets a pool go on that stops.
func TestCancelMakesRoom(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	first, second := l.give(1), l.give(1)
	if first.state != callAssigned || second.state != callQueued {
		t.Fatal(first.state, second.state)
	}
	l.abort(first, wire.CauseCanceled)
	if first.Kind != Canceled || second.state != callAssigned {
		t.Errorf("the call that waited is %v", second.state)
	}
	l.step(func(fx *effects) { l.stop(fx, l.now+time.Hour, l.now) })
	l.abort(second, wire.CauseCanceled)
	if len(l.in(workerLeaving)) != 1 {
		t.Error("the pool stops, and its idle worker is not told to leave")
	}
}

// The delay of starts that a death adds is counted, and only what it adds.
func TestDelayOfADeath(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		streak          int
		until           time.Duration // when a start may be next, already
		delayed, starts time.Duration
	}{
		{0, 0, 0, 0}, {crashesAtOnce - 1, 0, 0, 0},
		{crashesAtOnce, 0, 10 * ms, 10 * ms}, {crashesAtOnce + 1, 0, 20 * ms, 20 * ms}, {crashesAtOnce + 9, 0, 200 * ms, 200 * ms},
		{crashesAtOnce, 4 * ms, 6 * ms, 10 * ms}, {crashesAtOnce, 50 * ms, 0, 50 * ms}, {crashesAtOnce, -50 * ms, 10 * ms, 10 * ms},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, MaxRestarts: 100, RestartWindow: time.Hour})
		l.now = time.Minute
		l.streak, l.notUntil = c.streak, l.now+c.until
		if c.until == 0 {
			l.notUntil = 0
		}
		l.deaths = []stamp{{l.now - 1, 0}}
		l.die(l.workers[0])
		if l.delayed != c.delayed || max(l.notUntil-l.now, 0) != c.starts {
			t.Errorf("%+v: %v were added, the next start is in %v", c, l.delayed, l.notUntil-l.now)
		}
		if last := l.deaths[len(l.deaths)-1]; last != (stamp{l.now, 0}) {
			t.Errorf("%+v: the death is remembered as %+v", c, last)
		}
	}
}
