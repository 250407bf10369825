package pool

import (
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// A worker gets the least loaded first, and idle ones steal what waits inside a
// stalled one: what it has not started, and no more than waits.
func TestIdleWorkersSteal(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Ahead: 128})
	a, b := l.give(0), l.give(0)
	if a.worker == b.worker {
		t.Fatal("a worker was given a second call while the other one was idle")
	}
	l.now += 10 * time.Microsecond
	l.answer(a, OK)
	l.answer(b, OK)
	var calls []*Call
	for range 6 {
		calls = append(calls, l.give(0))
	}
	busy, idle := calls[0].worker, calls[1].worker
	if busy.load != 3 || idle.load != 3 {
		t.Fatalf("%d and %d calls", busy.load, idle.load)
	}
	l.begin(calls[0])
	for _, c := range slices.Clone(calls) {
		if c.worker == idle {
			l.now += 10 * time.Microsecond
			l.answer(c, OK)
		}
	}
	if busy.load != 3 {
		t.Errorf("%d calls in the busy worker, which is not stalled yet", busy.load)
	}
	l.armed = l.next(l.now)
	l.pass(3 * time.Millisecond)
	if busy.load != 1 || idle.load != 2 || calls[0].worker != busy || calls[2].worker != idle || calls[4].worker != idle {
		t.Errorf("%d calls in the stalled worker and %d in the idle one", busy.load, idle.load)
	}
}

// A worker that becomes idle steals at once, and not only when the supervisor
// looks next.
func TestWhoBecomesIdleSteals(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Ahead: 128})
	for range 2 {
		a, b := l.give(0), l.give(0)
		l.now += 10 * time.Microsecond
		l.answer(a, OK)
		l.answer(b, OK)
	}
	a, b, c := l.give(0), l.give(0), l.give(0)
	if a.worker != c.worker {
		t.Fatal("the third call is not behind the first")
	}
	l.begin(a)
	l.now += 2 * time.Millisecond
	idle := b.worker
	l.answer(b, OK)
	if c.worker != idle {
		t.Error("a call waits although a worker has become idle")
	}
	l.step(func(fx *effects) { l.recycle(fx, l.now) })
}

// Who is being sent something is suspected when it is taken back; who has it is
// not.
func TestSuspicion(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	w := l.workers[0]
	l.abort(l.give(0), wire.CauseCanceled)
	if w.due != 0 || len(l.ops()) > 0 {
		t.Errorf("a worker that has taken in everything is suspected: %v", l.ops())
	}
	c := NewCall()
	l.step(func(fx *effects) { l.submit(fx, c, l.now) })
	l.abort(c, wire.CauseCanceled)
	if w.due == 0 || !slices.Equal(l.ops(), []op{opPing}) || c.Done() {
		t.Errorf("a worker that takes nothing in is not suspected: %v", l.ops())
	}
	if c := l.give(0); c.worker != nil {
		t.Error("it gets a call all the same")
	}
	l.pass(l.cfg.KillGrace)
	if w.state != workerDying {
		t.Errorf("it is %v", w.state)
	}
}

// Only who has ended nothing for a millisecond is stalled, to the nanosecond.
func TestWhoIsStalled(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, Ahead: 128})
	w := l.workers[0]
	w.service = 10 * time.Microsecond
	l.workers[1].paused = true
	first := l.give(0)
	l.begin(first)
	l.now += stallAfter / 2 // the oldest counts
	second := l.give(0)
	l.give(0)
	for _, test := range []struct {
		after time.Duration
		want  bool
	}{{stallAfter - 1, false}, {stallAfter, true}} {
		w.lastEnd = first.given
		if got := l.stalled(w, first.given+test.after); got != test.want {
			t.Errorf("after %v: %v", test.after, got)
		}
	}
	l.now += 600 * time.Microsecond
	l.answer(first, OK)
	l.begin(second)
	l.now += 600 * time.Microsecond
	l.workers[1].paused = false
	l.step(func(fx *effects) { l.tick(fx, l.now) })
	if w.load != 2 {
		t.Error("a call was stolen from a worker that goes on well")
	}
	l.now += 400 * time.Microsecond
	l.workers[1].paused = true
	l.step(func(fx *effects) { l.steal(fx, l.workers[1], l.now) })
	if w.load != 2 || l.queue.len != 0 {
		t.Error("a paused worker has stolen")
	}
}

// The supervisor looks for stalled workers only where another one could help.
func TestWhenStallsMatter(t *testing.T) {
	for _, test := range []struct {
		name         string
		max, workers int
		state        State
		load         int
		want         bool
	}{
		{"alone", 1, 1, StateRunning, 3, false},
		{"a second one may be started", 2, 1, StateRunning, 3, true},
		{"while it is replaced", 1, 2, StateRunning, 3, true},
		{"paused", 2, 2, StatePaused, 3, false},
		{"stopping", 2, 2, StateStopping, 3, false},
		{"nothing waits", 2, 2, StateRunning, 1, false},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, Ahead: 128})
		l.cfg.Max, l.core.state = test.max, test.state
		for range test.workers - 1 {
			l.workers = append(l.workers, &worker{state: workerReady})
		}
		l.workers[0].load = test.load
		if at := l.nextStall(l.now); (at == l.now+stallAfter) != test.want || (at != 0) != test.want {
			t.Errorf("%s: %v", test.name, at)
		}
	}
}

// What makes nothing due wakes no goroutine: the supervisor sleeps while calls
// come and go.
func TestNoNeedlessWakes(t *testing.T) {
	for name, test := range map[string]struct {
		armed time.Duration
		cfg   Config
	}{
		"plain":                  {time.Hour, Config{Min: 1, Max: 1}},
		"nobody leaves":          {time.Hour, Config{Max: 1}},
		"nobody may leave":       {time.Hour, Config{Min: 1, Max: 1, IdleTimeout: time.Second}},
		"timeouts come later":    {1, Config{Min: 1, Max: 1, Timeout: time.Second}},
		"who may leave is later": {1, Config{Max: 1, IdleTimeout: time.Second}},
		"ahead":                  {time.Hour, Config{Min: 1, Max: 1, Ahead: 128}},
		"ahead, with a look":     {1, Config{Min: 2, Max: 2, Ahead: 128}},
	} {
		l := newLab(t, test.cfg)
		if len(l.workers) == 0 {
			c := l.give(0)
			l.boot()
			l.answer(c, OK)
		}
		l.workers[0].service = time.Microsecond
		l.armed = test.armed
		calls, woken := []*Call(nil), false
		for range 3 {
			if c := l.give(0); c.worker != nil {
				calls = append(calls, c)
			}
			woken = woken || l.last.poke
		}
		for _, c := range calls {
			for l.answer(c, OK); l.last.poke; l.last.poke = false {
				woken = true
			}
		}
		if woken {
			t.Errorf("%s: the supervisor is woken", name)
		}
	}
}
