package pool

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Why a worker is replaced, and when exactly.
func TestWear(t *testing.T) {
	for _, test := range []struct {
		cfg    Config
		memory uint64
		after  time.Duration
		want   string
	}{
		{Config{MaxCalls: 1}, 0, 0, "MaxCalls: 1 calls"},
		{Config{MaxCalls: 2}, 0, 0, ""},
		{Config{MaxCalls: 1, MinAge: time.Second}, 0, time.Second - 1, ""},
		{Config{MaxCalls: 1, MinAge: time.Second}, 0, time.Second, "MaxCalls: 1 calls"},
		{Config{MaxAge: time.Second}, 0, time.Second - 1, ""},
		{Config{MaxAge: time.Second}, 0, time.Second, "MaxAge: 1s"},
		{Config{MaxAge: time.Second, MinAge: 2 * time.Second}, 0, time.Second, ""},
		{Config{MaxAge: time.Second, MinAge: 2 * time.Second}, 0, 2 * time.Second, "MaxAge: 2s"},
		{Config{MaxMemory: 1000}, 1000, 0, ""},
		{Config{MaxMemory: 1000}, 1001, 0, "MaxMemory: 1001 bytes"},
		{Config{MaxMemory: 1000, MinAge: time.Second}, 1000, time.Second, ""},
		{Config{MaxMemory: 1000, MinAge: time.Second}, 1001, time.Second, "MaxMemory: 1001 bytes"},
		{Config{}, 1000, time.Hour, ""},
	} {
		cfg := test.cfg
		cfg.Min, cfg.Max = 1, 1
		l := newLab(t, cfg)
		w := l.workers[0]
		l.now = 5 * time.Second
		w.readyAt = l.now
		l.step(func(fx *effects) { l.measuredMemory(fx, w, test.memory, l.now) })
		l.answer(l.give(0), OK)
		l.armed = l.next(l.now)
		l.pass(test.after)
		if w.retiring != test.want {
			t.Errorf("%+v, %d bytes, after %v: %q, want %q", test.cfg, test.memory, test.after, w.retiring, test.want)
		}
		if starts := len(l.in(workerStarting)) == 1; starts != (test.want != "") {
			t.Errorf("%+v, %d bytes, after %v: the replacement starts: %v", test.cfg, test.memory, test.after, starts)
		}
	}
}

// The supervisor is woken for a worker that is too young to be replaced, and
// for no other.
func TestWakesForMinAge(t *testing.T) {
	for calls, want := range map[int]bool{1: true, 2: false} {
		l := newLab(t, Config{Min: 1, Max: 1, MaxCalls: calls, MinAge: time.Second})
		c := l.give(0)
		l.armed = 0
		if l.answer(c, OK); l.last.poke != want {
			t.Errorf("MaxCalls %d: woken: %v", calls, l.last.poke)
		}
	}
}

// Memory at the limit is allowed, a byte more is not.
func TestMemoryLimit(t *testing.T) {
	for bytes, want := range map[uint64]workerState{1000: workerReady, 1001: workerDying} {
		l := newLab(t, Config{Min: 1, Max: 1, MemoryLimit: 1000})
		w := l.workers[0]
		if l.step(func(fx *effects) { l.measuredMemory(fx, w, bytes, l.now) }); w.state != want {
			t.Errorf("with %d bytes of 1000 it is %v", bytes, w.state)
		}
	}
}

// Workers that are to be replaced and not needed leave without a replacement,
// as long as as many as are kept are ready; the others are replaced one by one,
// in a pause too.
func TestReplacing(t *testing.T) {
	roll := func(l *lab) (leave, start int) {
		l.step(func(fx *effects) { l.recycle(fx, l.now) })
		return len(l.in(workerLeaving)), len(l.in(workerStarting))
	}
	grown := func(lo, hi int) *lab { // to hi idle workers
		l := newLab(t, Config{Min: lo, Max: hi})
		var calls []*Call
		for range hi {
			calls = append(calls, l.give(0))
		}
		l.boot()
		for _, c := range calls {
			l.answer(c, OK)
		}
		return l
	}
	if leave, start := roll(grown(0, 2)); leave != 2 || start != 0 {
		t.Errorf("none is kept: %d leave, %d start", leave, start)
	}
	if leave, start := roll(grown(1, 2)); leave != 1 || start != 1 {
		t.Errorf("one of two is kept: %d leave, %d start", leave, start)
	}
	if leave, start := roll(grown(2, 2)); leave != 0 || start != 1 {
		t.Errorf("both are kept: %d leave, %d start", leave, start)
	}
	l := grown(0, 2)
	l.begin(l.give(0))
	if leave, start := roll(l); leave != 0 || start != 1 {
		t.Errorf("the first of two is busy: %d leave, %d start", leave, start)
	}
	l = newLab(t, Config{Min: 1, Max: 2})
	c := l.give(0)
	l.give(0) // a second one starts
	l.answer(c, OK)
	l.answer(l.held(l.workers[0])[0], OK)
	if leave, start := roll(l); leave != 0 || start != 1 {
		t.Errorf("the only one that is ready: %d leave, %d start", leave, start)
	}
	l = newLab(t, Config{Min: 1, Max: 3})
	l.begin(l.give(0))
	roll(l)
	if l.tickNow(); len(l.in(workerStarting)) != 1 {
		t.Errorf("%d start for one", len(l.in(workerStarting)))
	}
	l.step(func(fx *effects) { l.recycle(fx, l.now) })
	if l.tickNow(); len(l.in(workerStarting)) != 1 {
		t.Errorf("%d start for one that starts itself", len(l.in(workerStarting)))
	}
	l = grown(2, 2)
	l.step(func(fx *effects) { l.pause(fx, l.now) })
	if leave, start := roll(l); leave != 0 || start != 1 {
		t.Errorf("in a pause: %d leave, %d start", leave, start)
	}
	for range 3 {
		l.tickNow()
	}
	if leave, start := len(l.in(workerLeaving)), len(l.in(workerStarting)); leave != 0 || start != 1 {
		t.Errorf("a while later: %d leave, %d start", leave, start)
	}
	if l.boot(); len(l.in(workerLeaving)) != 1 || len(l.in(workerReady)) != 2 || len(l.in(workerStarting)) != 0 {
		t.Errorf("with the first replacement: %d leave, %d serve", len(l.in(workerLeaving)), len(l.in(workerReady)))
	}
}

// A process for one call leaves after it, also if it was to be replaced anyway,
// and not before it.
func TestFreshWorkers(t *testing.T) {
	for _, rolls := range []bool{false, true} {
		l := newLab(t, Config{Max: 1, Fresh: true, Spawn: Lazy})
		c := l.give(0)
		l.boot()
		w := l.workers[0]
		waits := l.give(0)
		if rolls {
			l.step(func(fx *effects) { l.recycle(fx, l.now) })
		}
		if l.answer(c, OK); !slices.Contains(l.ops(), opStop) || waits.worker != nil {
			t.Errorf("rolls %v: after its call it is %v: %v", rolls, w.state, l.ops())
		}
		l.die(w)
		if l.boot(); waits.worker == nil {
			t.Errorf("rolls %v: the next call waits", rolls)
		}
	}
	l := newLab(t, Config{Max: 1, Fresh: true, Spawn: Lazy, Spare: 1})
	l.give(0)
	l.boot()
	w := l.workers[0]
	w.load = 0 // as if the call had been taken back
	l.tickNow()
	if w.state != workerReady {
		t.Errorf("before its call it is %v", w.state)
	}
}

// Only replacements that die before they are ready, and of themselves, end a
// roll, and only those of that roll.
func TestWhatEndsARoll(t *testing.T) {
	l := newLab(t, Config{Min: 4, Max: 4})
	recycle := func() { l.step(func(fx *effects) { l.recycle(fx, l.now) }) }
	next := func() *worker {
		l.notUntil = 0
		l.tickNow()
		if len(l.in(workerStarting)) == 0 {
			t.Fatal("no replacement starts")
		}
		return l.in(workerStarting)[0]
	}
	rolls := func() bool {
		return slices.ContainsFunc(l.workers, func(w *worker) bool { return w.retiring == rolled })
	}
	recycle()
	for range rollTries - 1 {
		l.die(next())
	}
	recycle()
	for range rollTries - 1 {
		l.die(next())
	}
	w := next()
	l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) })
	if l.die(w); !rolls() {
		t.Fatal("a replacement that was killed by hand has ended the roll")
	}
	if l.die(l.in(workerReady)[3]); !rolls() {
		t.Fatal("the death of another worker has ended the roll")
	}
	for rolls() && len(l.in(workerStarting)) > 0 {
		l.notUntil = 0
		l.die(l.in(workerStarting)[0])
		l.tickNow()
	}
	if rolls() {
		t.Error("the roll goes on")
	}
}

// A worker that is to be replaced for a reason of its own keeps it in a roll,
// and after one that has failed; one whose time has come meanwhile is replaced
// for that.
func TestReasonsInARoll(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, MaxCalls: 1})
	l.answer(l.give(0), OK)
	own, other := l.workers[0], l.workers[1]
	l.step(func(fx *effects) { l.recycle(fx, l.now) })
	if !strings.HasPrefix(own.retiring, "MaxCalls") || other.retiring != rolled {
		t.Errorf("%q and %q", own.retiring, other.retiring)
	}
	other.calls = 1
	l.step(func(fx *effects) { l.keep(fx, l.now, "for a test") })
	if !strings.HasPrefix(own.retiring, "MaxCalls") || !strings.HasPrefix(other.retiring, "MaxCalls") || l.last.news.kept != "for a test" {
		t.Errorf("%q and %q", own.retiring, other.retiring)
	}
	l.step(func(fx *effects) { l.leave(fx, other, forReload, l.now); other.retiring = ""; l.recycle(fx, l.now) })
	if other.retiring != "" {
		t.Error("a worker that leaves is to be replaced")
	}
}
