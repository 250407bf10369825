package pool

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// call submits a call of a function.
func (l *lab) call(fn int) *Call {
	c := NewCall()
	c.Func = fn
	l.step(func(fx *effects) { l.submit(fx, c, l.now) })
	l.sendAll()
	return c
}

// bomb submits a call, has it started, and its worker die of it, and another
// worker be ready.
func (l *lab) bomb(fn int) *Call {
	l.t.Helper()
	c := l.call(fn)
	if c.state != callAssigned {
		l.t.Fatalf("a call that is to kill a worker is in state %d: %+v", c.state, c.Outcome)
	}
	l.begin(c)
	l.die(c.worker)
	news := l.last.news
	l.pass(200 * time.Millisecond)
	l.boot()
	l.last.news = news
	return c
}

func (l *lab) want(c *Call, kind Kind) {
	l.t.Helper()
	if c.Kind != kind {
		l.t.Fatalf("the call ends as %q, not as %q: %+v", c.Kind, kind, c.Outcome)
	}
}

func (l *lab) news() (q Quarantine) {
	if n := l.last.news.quarantines; len(n) > 0 {
		q = n[len(n)-1]
	}
	return q
}

func TestQuarantine(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, CrashBudget: 3, Retry: 0})
	for range 2 {
		l.want(l.bomb(0), Crashed)
	}
	for _, kind := range []Kind{OK, Failed, Panicked} { // the worker lives
		l.answer(l.call(0), kind)
		for range 2 {
			l.want(l.bomb(0), Crashed)
		}
	}
	l.answer(l.call(0), Refused) // it has not run
	l.answer(l.call(1), OK)      // this says nothing of the other function
	begun := l.now
	l.want(l.bomb(0), Crashed)
	if got := (&toll{deaths: 1}).why(&Death{}); got != "a worker died of its call: pid 0 exited with code 0" {
		t.Error(got)
	}
	if q := l.news(); q.Func != "f" || q.Deaths != 3 || q.For != time.Second || !strings.HasPrefix(q.Reason, "3 workers in a row died of its calls, the last one pid ") {
		t.Errorf("%+v", q)
	}
	c := l.call(0)
	if l.want(c, Quarantined); c.RetryAfter != begun+time.Second-l.now || c.Reason != l.funcs[0].toll.reason || c.Worker != 0 {
		t.Errorf("%+v", c.Outcome)
	}
	l.answer(l.call(1), OK)
	s := l.stats(l.now)
	ended, _ := l.funcs[0].calls()
	if n := l.funcs[0].duration.count(); n != ended-1 {
		t.Errorf("the time of %d calls of %d is counted, one of which was refused", n, ended)
	}
	if f := s.Funcs[0]; len(s.Poisoned) != 1 || s.Poisoned[0] != "f" || f.Deaths != 3 || f.RetryAfter != c.RetryAfter || s.Funcs[1].RetryAfter != 0 {
		t.Errorf("%+v", s)
	}
	for want := 2 * time.Second; want <= 4*time.Minute; want *= 2 {
		l.pass(c.RetryAfter - 1)
		l.want(l.call(0), Quarantined)
		l.pass(1)
		l.want(l.bomb(0), Crashed)
		if q := l.news(); q.For != min(want, time.Minute) {
			t.Errorf("%+v, not %v", q, want)
		}
		c = l.call(0)
	}
	l.pass(c.RetryAfter)
	c = l.call(0)
	refused := l.call(0)
	if l.want(refused, Quarantined); c.state != callAssigned || refused.RetryAfter != time.Minute {
		t.Errorf("%d, %+v", c.state, refused.Outcome)
	}
	if l.answer(c, Failed); l.news() != (Quarantine{Func: "f", Reason: "success"}) || l.poisoned != 0 {
		t.Errorf("%+v", l.news())
	}
	for range 2 {
		l.want(l.bomb(0), Crashed)
	}
	l.answer(l.call(0), OK)
}

// What waits when a quarantine begins ends at once, in the queue and in
// workers; what runs goes on, and counts for nothing if it dies too.
func TestQuarantineEndsWhatWaits(t *testing.T) {
	l := newLab(t, Config{Min: 2, Max: 2, CrashBudget: 1, Ahead: 2, Retry: 1, MaxRestarts: 1, RestartWindow: time.Hour})
	killer, other := l.call(0), l.call(0)
	l.begin(killer)
	l.begin(other)
	l.workers[1].service = 1 // it gets calls in advance
	ahead, beside, waiting, innocent := l.call(0), l.call(1), l.call(0), l.call(1)
	if ahead.state != callAssigned || beside.state != callAssigned || waiting.state != callQueued {
		t.Fatal(ahead.state, beside.state, waiting.state)
	}
	stream := l.call(0)
	stream.Stream = func([]byte) error { return nil }
	l.die(killer.worker)
	for _, c := range []*Call{killer, ahead, waiting, stream} { // the first is not tried again
		l.want(c, Quarantined)
	}
	if ahead.given != 0 || killer.given == 0 {
		t.Errorf("started at %v and %v", ahead.given, killer.given)
	}
	if killer.Worker == 0 || killer.tries != 1 || innocent.state == callEnded || beside.state != callAssigned || other.state != callAssigned {
		t.Errorf("%+v, %d, %d", killer.Outcome, innocent.state, other.state)
	}
	l.die(other.worker)
	l.want(other, Quarantined)
	if q := l.funcs[0].toll; l.state() != StateRunning || q.spell != time.Second || q.deaths != 1 {
		t.Errorf("after the death of a call that ran already the pool is %v, and %+v", l.state(), q)
	}
	l.boot()
	l.pass(time.Second)
	l.boot()
	l.answer(beside, OK)
	l.answer(innocent, OK)
	probe := l.call(0)
	l.begin(probe)
	l.die(probe.worker)
	l.want(probe, Quarantined)
	if q := l.funcs[0].toll; l.state() != StateRunning || q.spell != 2*time.Second || q.deaths != 2 || l.counts.Deaths != 3 || l.streak != 0 || len(l.deaths) != 1 {
		t.Errorf("after the death of a probe the pool is %v, and %+v", l.state(), q)
	}
}

// Of several functions that ran in a worker that died, each is charged, and the
// one with the most deaths is put in quarantine; after that it is to blame.
func TestQuarantineOfOneSuspect(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 4, CrashBudget: 3})
	together := func(fns ...int) {
		var all []*Call
		for _, fn := range fns {
			c := l.call(fn)
			l.begin(c)
			all = append(all, c)
		}
		l.die(all[0].worker)
		l.pass(crashBackoffMax)
		l.boot()
	}
	together(1)
	l.want(l.call(1), 0)
	l.answer(l.workers[0].slots[wire.Slot(l.held(l.workers[0])[0].id)], OK)
	together(0, 1, 1)
	together(1, 0)
	together(0)
	if got := l.inQuarantine(); len(got) != 1 || got[0] != "f" || l.funcs[1].toll.deaths != 2 {
		t.Fatalf("in quarantine: %v, %+v", got, l.funcs[1].toll)
	}
	for _, probe := range [][]int{{0, 1}, {1, 0}} {
		l.pass(l.funcs[0].toll.spell)
		was := l.funcs[0].toll.spell
		together(probe...)
		if f, g := l.funcs[0].toll, l.funcs[1].toll; f.spell != 2*was || g.deaths != 2 {
			t.Errorf("%+v, %+v", f, g)
		}
	}
	for _, fns := range [][]int{{0, 1}, {1, 0}} {
		l.step(func(fx *effects) { l.readmitAll(fx, "") })
		together(1)
		together(fns...)
		together(fns...)
		if got := l.inQuarantine(); len(got) != 1 || got[0] != "g" {
			t.Errorf("in quarantine: %v, %+v", got, l.funcs[0].toll)
		}
	}
}

// A worker that had to be killed because its call did not heed the pool's
// Timeout counts; not for the caller's impatience, or the operator's.
func TestQuarantineOfWhatHangs(t *testing.T) {
	hang := func(l *lab) *Call {
		c := l.call(0)
		l.begin(c)
		return c
	}
	end := func(l *lab, c *Call) {
		l.pass(l.cfg.KillGrace + quitGrace)
		if w := c.worker; w != nil {
			l.die(w)
		}
	}
	for name, want := range map[string]int{"timeout": 1, "deadline": 0, "cancel": 0, "kill": 0, "heartbeat": 1} {
		l := newLab(t, Config{Min: 1, Max: 1, Timeout: time.Second, CrashBudget: 10})
		c := hang(l)
		switch name {
		case "timeout":
			l.pass(time.Second)
		case "deadline":
			l.abort(c, wire.CauseTimeout)
			l.pass(time.Second) // the Timeout passes meanwhile
		case "cancel":
			l.abort(c, wire.CauseCanceled)
		case "kill":
			l.step(func(fx *effects) { l.kill(fx, c.worker, CauseKill, false, l.now) })
		case "heartbeat":
			l.step(func(fx *effects) { l.kill(fx, c.worker, CauseHeartbeat, true, l.now) })
		}
		end(l, c)
		if got := l.funcs[0].toll.deaths; got != want || c.state != callEnded {
			t.Errorf("%s: %d deaths, the call is in state %d", name, got, c.state)
		}
	}
	// Of two that do not heed it, the one whose time ends first.
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 2, Timeout: time.Second, KillGrace: time.Second, CrashBudget: 10})
	first := hang(l)
	l.pass(time.Second / 2)
	second := l.call(1)
	l.begin(second)
	l.pass(time.Second)
	end(l, first)
	if f, g := l.funcs[0].toll.deaths, l.funcs[1].toll.deaths; f != 1 || g != 0 || second.Kind != Timeout {
		t.Errorf("%d and %d deaths, %+v", f, g, second.Outcome)
	}
}

// A probe that tells nothing makes room for the next one, and one that takes
// long holds it up for a minute.
func TestProbesThatTellNothing(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, CrashBudget: 1})
	l.bomb(0)
	l.pass(time.Second)
	for _, end := range []func(c *Call){
		func(c *Call) { l.abort(c, wire.CauseCanceled) }, // not started
		func(c *Call) { l.answer(c, Refused) },
		func(c *Call) {
			l.begin(c)
			l.step(func(fx *effects) { l.kill(fx, c.worker, CauseKill, false, l.now) })
			l.die(c.worker)
			l.boot()
		},
	} {
		c := l.call(0)
		if c.state != callAssigned {
			t.Fatalf("%+v", c.Outcome)
		}
		l.want(l.call(0), Quarantined)
		end(c)
	}
	l.begin(l.call(0))
	l.pass(time.Minute - 1)
	l.want(l.call(0), Quarantined)
	l.pass(1)
	l.want(l.call(0), 0)
	if spell := l.funcs[0].toll.spell; spell != time.Second {
		t.Errorf("the quarantine is %v", spell)
	}
}

// What ends a quarantine, and forgives the deaths before.
func TestReadmission(t *testing.T) {
	for why, end := range map[string]func(l *lab, fx *effects){
		readmitRequest: func(l *lab, fx *effects) { l.readmitAll(fx, readmitRequest) },
		readmitRenewed: func(l *lab, fx *effects) { l.recycle(fx, l.now) },
		readmitBudget:  func(l *lab, fx *effects) { cfg := l.cfg; cfg.CrashBudget = -1; l.configure(fx, cfg, l.now) },
		"": func(l *lab, fx *effects) {
			l.pause(fx, l.now)
			l.resume(fx, l.now)
			cfg := l.cfg
			cfg.CrashBudget = 5
			l.configure(fx, cfg, l.now)
		},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, CrashBudget: 1})
		l.bomb(0)
		l.step(func(fx *effects) { end(l, fx) })
		if over := l.poisoned == 0; over != (why != "") || over && l.news() != (Quarantine{Func: "f", Reason: why}) || over && l.funcs[0].toll != (toll{}) {
			t.Errorf("%q: %+v, %d in quarantine", why, l.news(), l.poisoned)
		}
	}
}

// By default a pool with several functions has a budget.
func TestCrashBudgets(t *testing.T) {
	for _, c := range []struct{ set, funcs, want int }{{0, 1, 0}, {0, 2, 20}, {5, 1, 5}, {5, 2, 5}, {-1, 2, 0}} {
		k := newCore(Config{CrashBudget: c.set, Funcs: make([]string, c.funcs)}, 1)
		if got := k.budget(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// A call of a pool without and with functions in quarantine allocates nothing
// more in the core.
func TestQuarantineAllocatesNothing(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, CrashBudget: 1})
	c := NewCall()
	round := func(fn int) float64 {
		return testing.AllocsPerRun(100, func() {
			c.Func = fn
			var fx effects
			l.submit(&fx, c, l.now)
			if c.state == callAssigned {
				l.answered(&fx, c.worker, c.id, OK, l.now)
			}
			c.Reset()
		})
	}
	healthy := round(0)
	l.bomb(0)
	if refused, beside := round(0), round(1); refused != healthy || beside != healthy {
		t.Errorf("%v allocations, refused %v, beside it %v", healthy, refused, beside)
	}
}

// Readmit is for the named functions, or for all.
func TestReadmit(t *testing.T) {
	p := New(Config{CrashBudget: 1, Funcs: []string{"f", "g"}}, nil, nil, Hooks{})
	for _, c := range []struct {
		names, left []string
		err         string
	}{
		{nil, nil, ""}, {[]string{"f"}, []string{"g"}, ""}, {[]string{"g", "f"}, nil, ""},
		{[]string{"f", "h"}, []string{"f", "g"}, `has no function "h": it has f, g`},
	} {
		for i := range p.core.funcs {
			p.core.quarantine(&effects{}, i, quarantineMin, &Death{}, 1)
		}
		err := p.Readmit(c.names...)
		if got := p.core.inQuarantine(); !slices.Equal(got, c.left) || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v, left %q", c.names, err, got)
		}
	}
}
