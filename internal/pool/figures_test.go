package pool

import (
	"maps"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

const ms = time.Millisecond

// A call waits until a worker begins it: in the queue, and behind others in its
// worker, which runs as many at a time as Concurrency says.
func TestWaitAndRun(t *testing.T) {
	for _, concurrency := range []int{1, 2} {
		l := newLab(t, Config{Min: 1, Max: 1, Concurrency: concurrency, Ahead: 2})
		w := l.workers[0]
		w.service = 1 // it is quick: it gets calls ahead
		l.now = 10 * ms
		var calls []*Call
		for range concurrency + 1 {
			calls = append(calls, l.give(0))
		}
		first, last := calls[0], calls[concurrency]
		if first.began != l.now || !first.runs() || last.began != 0 || last.runs() || last.worker != w || l.oldestWait(l.now+ms) != ms {
			t.Fatalf("of %d at a time the first began at %v, the last at %v; the oldest waits since %v", concurrency, first.began, last.began, l.oldestWait(l.now+ms))
		}
		l.now += 3 * ms
		l.answer(first, OK)
		if last.began != l.now || !last.runs() || l.oldestWait(l.now) != 0 {
			t.Fatalf("of %d at a time the last began at %v", concurrency, last.began)
		}
		l.now += 5 * ms
		if got := l.busyUntil(l.now); got != time.Duration(3*concurrency+5*concurrency)*ms {
			t.Errorf("%d at a time are busy for %v", concurrency, got)
		}
		for _, c := range calls[1:] {
			l.answer(c, OK)
		}
		f := l.stats(l.now).Funcs[0]
		if f.Wait.Max != 3*ms || last.ran != 5*ms || first.ran != 3*ms || f.Waiting.Sum != 3*ms || f.Running.Sum != time.Duration(8*concurrency)*ms {
			t.Errorf("%d at a time: %+v", concurrency, f)
		}
		if f.Outcomes["ok"] != uint64(concurrency+1) || len(f.Outcomes) != 1 {
			t.Errorf("outcomes %v", f.Outcomes)
		}
	}
}

// If the frame of a call overtakes that of an earlier one, the worker runs it
// first. The daemon learns that at its end, or when it takes back the other.
func TestRunsInAnotherOrder(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Ahead: 2})
	l.workers[0].service = 1
	l.now = 10 * ms
	a := l.give(0)
	l.now++
	b := l.give(0)
	l.now += 20 * ms
	l.answer(b, OK)
	if b.ran != 20*ms || a.began != l.now || !a.runs() {
		t.Errorf("the later one has run for %v, the earlier one since %v", b.ran, a.began)
	}
	l.now += ms
	l.answer(a, OK)
	if a.ran != ms {
		t.Errorf("the earlier one has run for %v", a.ran)
	}

	l.workers[0].service = 1
	a = l.give(0)
	b = l.give(0)
	l.begin(b)
	began := l.now
	l.now += 30 * ms
	l.step(func(fx *effects) { l.pauseWorker(fx, l.workers[0], true, l.now) })
	if a.state != callQueued || a.began != 0 || !b.runs() || b.began != began {
		t.Errorf("the earlier one, taken back, began at %v, the later one at %v, not %v", a.began, b.began, began)
	}
	if l.answer(b, OK); b.ran != 30*ms {
		t.Errorf("the later one has run for %v", b.ran)
	}
}

// A call that leaves the line lets no other begin: the worker runs as many as
// before.
func TestLeavingTheLine(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Ahead: 2})
	l.workers[0].service = 1
	first := l.give(0)
	l.begin(first)
	second, third := l.give(0), l.give(0)
	l.abort(second, wire.CauseCanceled)
	if third.worker != l.workers[0] || third.runs() {
		t.Errorf("the third call is with %v, and runs: %v", third.worker, third.runs())
	}
	if l.answer(first, OK); !third.runs() {
		t.Error("the third call does not run after the first")
	}
}

// How long calls have run does not go back, when one that seemed to run is
// taken back.
func TestBusyNeverGoesBack(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	c := l.give(0)
	l.now += 5 * ms
	before := l.busyUntil(l.now)
	l.abort(c, wire.CauseCanceled) // it had not begun
	if after := l.busyUntil(l.now); before != 5*ms || after != before || c.ran != 0 {
		t.Errorf("busy for %v, then for %v; it ran for %v", before, after, c.ran)
	}
}

// All tries of a call count as its run, the time between them as its wait. A
// call that never ran has waited until its end; one that was refused at once
// has not.
func TestTimesOfTries(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Retry: 1, Queue: 100})
	l.now = 10 * ms
	c := l.give(0)
	l.begin(c)
	l.now += 4 * ms
	l.die(l.workers[0])
	l.now += 2 * ms
	waits := l.give(0)
	l.now += 6 * ms
	l.abort(waits, wire.CauseCanceled)
	l.boot()
	l.now += ms
	l.answer(c, OK)
	if f := l.stats(l.now).Funcs[0]; c.ran != 5*ms || c.Elapsed != 13*ms || f.Waiting.Sum != 8*ms+6*ms || f.Running.Sum != 5*ms || f.Run.Max != 5*ms {
		t.Errorf("%v of %v; %+v", c.ran, c.Elapsed, f)
	}
	l.failFor(&effects{}, "for a test", l.now)
	l.give(0)
	f := &l.funcs[0]
	if n := f.wait.count(); n != 2 || f.ended[PoolFailed] != 1 || l.stats(l.now).Funcs[0].Outcomes["pool_failed"] != 1 {
		t.Errorf("%d have waited, %v have ended", n, f.ended)
	}
}

// Every end has one of the outcomes that package status lists, and every one of
// those is an end.
func TestOutcomes(t *testing.T) {
	missing := map[string]bool{}
	for _, o := range status.Outcomes {
		missing[o] = true
	}
	for kind := OK; kind <= Stopped; kind++ {
		if !contains(status.Outcomes, kind.String()) {
			t.Errorf("the end %d has the outcome %q", int(kind), kind.String())
		}
		delete(missing, kind.String())
	}
	if len(missing) > 0 || len(status.RecycleReasons) != reasons {
		t.Errorf("nothing ends as %v; %d reasons of %d", missing, len(status.RecycleReasons), reasons)
	}
}

// What a worker has used since the last look is shared out by how long its
// functions ran; what it uses before its first call is no function's. Nothing
// is lost with a worker, and no counter goes back, whatever its clock says.
func TestProcessorTimeOfFunctions(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Ahead: 2})
	w := l.workers[0]
	used := 7 * ms
	l.clock = func(*worker) (time.Duration, bool) { return used, true }
	l.look(w, l.now) // as when it became ready
	run := func(fn int, d, cpu time.Duration) *Call {
		c := NewCall()
		c.Func = fn
		l.step(func(fx *effects) { l.submit(fx, c, l.now) })
		l.begin(c)
		l.now += d
		used += cpu
		l.answer(c, OK)
		return c
	}
	check := func(f, g, all time.Duration) {
		t.Helper()
		if l.funcs[0].cpu != f || l.funcs[1].cpu != g || l.cpu != all {
			t.Errorf("%v and %v of %v, not %v and %v of %v", l.funcs[0].cpu, l.funcs[1].cpu, l.cpu, f, g, all)
		}
	}
	check(0, 0, 7*ms)
	run(0, 2*ms, 4*ms)
	run(1, 6*ms, 4*ms)
	check(0, 0, 7*ms) // short ones are not looked at
	l.look(w, l.now)
	check(2*ms, 6*ms, 15*ms)
	if c := run(1, 50*ms, 30*ms); c.cpu != 30*ms {
		t.Errorf("a long call has used %v", c.cpu)
	}
	check(2*ms, 36*ms, 45*ms)
	used -= 20 * ms
	l.look(w, l.now)
	check(2*ms, 36*ms, 45*ms)
	l.now += ms
	c := l.give(0)
	l.begin(c)
	l.now += 5 * ms
	d := &Death{}
	d.PID, d.Usage.User, d.Usage.System = w.pid, 40*ms, 10*ms // more than the last look has seen
	l.step(func(fx *effects) { l.exited(fx, w, d, l.now) })
	check(7*ms, 36*ms, 50*ms)
	if c.cpu != 5*ms {
		t.Errorf("its last call has used %v", c.cpu)
	}
	if s := l.stats(l.now); s.CPU != 50*ms || s.Funcs[0].CPU != 7*ms {
		t.Errorf("%v of %v are told", s.Funcs[0].CPU, s.CPU)
	}
}

// Each worker that leaves as intended is counted with the reason, at its end.
func TestRecycledBy(t *testing.T) {
	for want, test := range map[string]struct {
		cfg Config
		do  func(l *lab, fx *effects)
	}{
		"memory":  {Config{MaxMemory: 10}, func(l *lab, fx *effects) { l.measuredMemory(fx, l.workers[0], 11, l.now) }},
		"reload":  {Config{}, func(l *lab, fx *effects) { l.recycle(fx, l.now) }},
		"scale":   {Config{}, func(l *lab, fx *effects) { l.scale(fx, 1, 1, l.now) }},
		"request": {Config{}, func(l *lab, fx *effects) { l.endWorker(fx, l.workers[0], l.now) }},
		"idle": {Config{IdleTimeout: time.Second}, func(l *lab, fx *effects) {
			l.cfg.Min, l.now = 1, l.now+time.Minute
			l.tick(fx, l.now)
		}},
		"age": {Config{MaxAge: time.Second}, func(l *lab, fx *effects) {
			l.now += time.Minute
			l.tick(fx, l.now)
		}},
		"stop": {Config{}, func(l *lab, fx *effects) {
			l.stop(fx, l.now+time.Second, l.now)
			l.tick(fx, l.now)
		}},
		"loop": {Config{Looping: true}, func(l *lab, fx *effects) {
			w := l.workers[0]
			w.done = true
			l.exited(fx, w, &Death{}, l.now)
		}},
		"calls": {Config{MaxCalls: 1}, func(l *lab, fx *effects) {
			c := l.give(0)
			l.answered(fx, c.worker, c.id, OK, l.now)
		}},
	} {
		test.cfg.Min, test.cfg.Max = 2, 2
		l := newLab(t, test.cfg)
		l.step(func(fx *effects) { test.do(l, fx) })
		l.boot()
		if n := l.counts; n.Recycled != 0 && n.Exited == 0 {
			t.Errorf("for %s: %d are counted before their end", want, n.Recycled)
		}
		for _, w := range l.in(workerLeaving) {
			l.die(w)
		}
		by := l.stats(l.now).Status().RecycledBy
		if n := by[want]; n == 0 || n != l.counts.Recycled || len(by) != 1 {
			t.Errorf("for %s: %v of %d", want, by, l.counts.Recycled)
		}
	}
}

// Each other end is counted with its cause, and only with that.
func TestDeathsBy(t *testing.T) {
	l := newLab(t, Config{Min: 3, Max: 3})
	l.step(func(fx *effects) { l.kill(fx, l.workers[0], CauseKill, false, l.now) })
	l.die(l.workers[0])
	l.die(l.workers[0])
	l.step(func(fx *effects) { l.endWorker(fx, l.workers[0], l.now) })
	l.die(l.workers[0]) // as planned
	l.boot()
	late := l.workers[0]
	l.step(func(fx *effects) { l.endWorker(fx, late, l.now) })
	l.now = late.due
	l.step(func(fx *effects) { l.tick(fx, l.now) }) // it has not left in time
	l.die(late)
	if n := l.counts; n.Recycled != 1 || n.Exited != 4 {
		t.Errorf("%d processes have ended, %d as intended", n.Exited, n.Recycled)
	}
	if by := l.stats(l.now).DeathsBy; !maps.Equal(by, map[string]uint64{"kill": 1, "exit": 1, "stop": 1}) {
		t.Errorf("%v", by)
	}
}

// The figures of a pool of real workers.
func TestFiguresOfAPool(t *testing.T) {
	p := start(t, Config{Min: 2, Max: 2, Queue: 33, MemoryLimit: 1 << 30}, launchGoroutines("", link.Socket, 0))
	c := NewCall()
	c.Func, c.Payload = returning, []byte("12345")
	p.Do(t.Context(), c)
	if c.Kind != OK {
		t.Fatal(c.Outcome)
	}
	s := p.Stats().Status()
	n := uint64(0)
	for _, in := range s.StartTimes.Counts {
		n += in
	}
	if s.QueueLimit != 33 || s.MemoryLimit != 1<<30 || s.BytesIn != 5 || s.BytesOut != uint64(len(c.Data)) || n != 2 || s.Busy <= 0 {
		t.Errorf("%+v", s)
	}
	if f := s.Funcs[returning]; !maps.Equal(f.Outcomes, map[string]uint64{"ok": 1}) || f.Run.Max <= 0 || f.Run.Max+f.Wait.Max != f.Max {
		t.Errorf("%+v", f)
	}
}
