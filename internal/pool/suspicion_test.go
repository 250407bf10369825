package pool

import (
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// suspected is a lab whose only worker is suspected: a call that was taken back
// is still being sent to it. It also runs another one if there is to be.
func suspected(t *testing.T, busy bool) (*lab, *worker, *Call) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 2})
	var runs *Call
	if busy {
		runs = l.give(0)
		l.begin(runs)
	}
	l.abort(l.giveSlowly(0), wire.CauseCanceled)
	w := l.workers[0]
	if w.due != l.now+l.intakeTime(w) || !w.lags() {
		t.Fatalf("it is not suspected: due %v, deaf %v", w.due, w.lags())
	}
	return l, w, runs
}

// A suspicion ends with a sign of life after the worker has taken in what it is
// suspected for, or when it is due; not with a sign of life alone.
func TestEndOfSuspicion(t *testing.T) {
	for name, test := range map[string]struct {
		taken, alive, clear bool
		state               workerState
	}{
		"nothing":              {state: workerDying},
		"alive, but deaf":      {alive: true, state: workerDying},
		"taken in":             {taken: true, state: workerReady},
		"taken in, and speaks": {taken: true, alive: true, clear: true, state: workerReady},
	} {
		for _, busy := range []bool{false, true} {
			l, w, _ := suspected(t, busy)
			waits := l.give(0)
			if waits.worker != nil {
				t.Errorf("%s: it gets a call", name)
			}
			if test.taken {
				w.sent.Add(1)
			}
			if test.alive {
				l.step(func(fx *effects) { l.alive(fx, w, l.now) })
			}
			if (w.due == 0) != test.clear || (waits.worker == w) != test.clear {
				t.Errorf("%s, busy %v: due %v, gets calls: %v", name, busy, w.due, waits.worker != nil)
			}
			l.pass(l.cfg.KillGrace)
			if w.state != test.state || test.state == workerReady && (w.due != 0 || w.mustTake != 0 || waits.worker != w) {
				t.Errorf("%s, busy %v: then it is %v, due %v", name, busy, w.state, w.due)
			}
			if test.state == workerDying && w.killedBy != "supervisor" {
				t.Errorf("%s: killed by %q", name, w.killedBy)
			}
		}
	}
}

// The time to take something in grows with what is under way.
func TestIntake(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 3})
	w := l.workers[0]
	l.give(intakeRate)
	l.abort(l.give(intakeRate), wire.CauseCanceled)
	if got := l.intakeTime(w); got != l.cfg.KillGrace+2*time.Second {
		t.Errorf("%v for twice what is taken in within a second", got)
	}
}

// Whatever takes a call back from a worker suspects it if the call is still
// being sent; and a suspected worker that is to leave is ended in time, as long
// as it has not taken that in.
func TestSuspicionOfWhoGivesBack(t *testing.T) {
	for name, leaves := range map[string]bool{"pause": false, "leave": true} {
		for _, taken := range []bool{false, true} {
			l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 2})
			w := l.workers[0]
			l.begin(l.give(0))
			c := l.giveSlowly(0)
			l.step(func(fx *effects) {
				if leaves {
					l.leave(fx, w, forIdle, l.now)
				} else {
					l.pauseWorker(fx, w, true, l.now)
				}
			})
			if c.worker != nil || w.due == 0 || !slices.Contains(l.ops(), opPing) {
				t.Errorf("%s: it is not suspected: %v", name, l.ops())
			}
			if taken {
				w.sent.Add(1)
			}
			l.pass(l.cfg.KillGrace)
			if quits := w.state == workerDying; quits == taken || quits && w.killedBy != "supervisor" {
				t.Errorf("%s, taken in: %v: it is %v, ended for %q", name, taken, w.state, w.killedBy)
			}
		}
	}
}

// A worker that is to leave and has nothing to do has KillGrace, whatever it
// was suspected for.
func TestLeavingInSuspicion(t *testing.T) {
	for _, busy := range []bool{false, true} {
		l, w, runs := suspected(t, busy)
		l.step(func(fx *effects) { l.leave(fx, w, forIdle, l.now) })
		w.sent.Add(1)
		l.pass(l.cfg.KillGrace)
		if (w.state == workerLeaving) != busy || !busy && w.killedBy != "stop" {
			t.Errorf("busy %v: it is %v, killed by %q", busy, w.state, w.killedBy)
		}
		if busy {
			l.answer(runs, OK)
			l.pass(l.cfg.KillGrace - 1)
			if w.state != workerLeaving {
				t.Errorf("it is %v before KillGrace has passed since its last answer", w.state)
			}
			if l.pass(1); w.state != workerDying {
				t.Errorf("it is %v", w.state)
			}
		}
	}
}

// A cancelled call that goes on ends its worker, although the worker has taken
// in what it is suspected for besides. When the call obeys, the suspicion comes
// back.
func TestSuspicionBesideACancel(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		for _, obeys := range []bool{false, true} {
			l, w, runs := suspected(t, true)
			other := (*Call)(nil)
			if leaves {
				w.sent.Add(1)
				l.step(func(fx *effects) { l.alive(fx, w, l.now) })
				other = l.give(0)
				l.begin(other)
				l.step(func(fx *effects) { l.leave(fx, w, forIdle, l.now) })
				w.mustTake = w.given + 1 // as if it had not taken that in
			}
			l.now += 10 * time.Millisecond
			l.abort(runs, wire.CauseTimeout)
			at := l.now + l.cfg.KillGrace
			if w.due != at || w.graceFor != runs {
				t.Errorf("due at %v, not %v", w.due, at)
			}
			if !obeys {
				w.sent.Add(1)
				if l.pass(l.cfg.KillGrace); w.state != workerDying || w.killedBy != "deadline" {
					t.Errorf("leaves %v: it is %v, ended for %q", leaves, w.state, w.killedBy)
				}
				continue
			}
			l.now += 10 * time.Millisecond
			l.answer(runs, Failed)
			if w.graceFor != nil || w.due != l.now+l.intakeTime(w) {
				t.Errorf("leaves %v: after the answer it is due at %v", leaves, w.due)
			}
			if leaves && (other.Done() || w.state != workerLeaving) {
				t.Errorf("it is %v", w.state)
			}
		}
	}
}

// Of several cancelled calls the one that was cancelled first is due first.
func TestSeveralCancelledCalls(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}} {
		l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 3})
		w := l.workers[0]
		calls := []*Call{l.give(0), l.give(0), l.give(0)}
		for _, c := range calls {
			l.begin(c)
		}
		for _, i := range order {
			l.now += time.Millisecond
			l.abort(calls[i], wire.CauseCanceled)
		}
		for n, i := range order {
			first := calls[i]
			if w.graceFor != first || w.due != first.obeyBy {
				t.Errorf("%v: due at %v, not %v", order, w.due, first.obeyBy)
			}
			if l.answer(first, Failed); n == 2 && (w.graceFor != nil || w.due != 0) {
				t.Errorf("%v: somebody is left, due %v", order, w.due)
			}
		}
	}
}

// A debugger keeps a silent, slow or suspected worker alive, but not one that
// has been told to leave, nor one that is being killed.
func TestTracedWorkerInEachState(t *testing.T) {
	l, w, _ := suspected(t, false)
	l.tracer = func(int) int { return 4711 }
	if l.pass(time.Second); w.state != workerReady || w.due <= l.now {
		t.Errorf("suspected: it is %v, due %v", w.state, w.due)
	}
	l.step(func(fx *effects) { l.leave(fx, w, forIdle, l.now) })
	if l.pass(l.cfg.KillGrace); w.state != workerDying {
		t.Errorf("told to leave: it is %v", w.state)
	}
	if l.pass(quitGrace); w.state != workerKilled {
		t.Errorf("after SIGABRT: it is %v", w.state)
	}

	l = newLab(t, Config{Min: 1, Max: 1, Heartbeat: time.Second})
	w, traced := l.workers[0], true
	l.tracer = func(int) int {
		if traced {
			return 4711
		}
		return 0
	}
	l.pass(10 * time.Second)
	traced = false
	gone := l.now
	for w.state == workerReady && l.now < gone+10*time.Second {
		l.pass(time.Millisecond)
	}
	if took := l.now - gone; took > 2*time.Second+time.Millisecond {
		t.Errorf("it is ended %v after the tracer has gone", took)
	}
}

// What the supervisor says of a process that SIGKILL does not end.
func TestReportOfAStuckProcess(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	w := l.workers[0]
	c := l.give(0)
	l.begin(c)
	l.step(func(fx *effects) { l.kill(fx, w, "kill", false, l.now) })
	l.pass(killBound)
	if w.state != workerStuck || c.Kind != Crashed || c.Death.Stack != "the process did not end within 5s of SIGKILL: it is stuck in the kernel" {
		t.Errorf("it is %v; %+v", w.state, c.Death)
	}
}

// A worker that is being ended is ended, although it takes in what it was
// suspected for.
func TestSuspicionOfADyingWorker(t *testing.T) {
	l, w, _ := suspected(t, true)
	l.step(func(fx *effects) { l.kill(fx, w, "memory limit", true, l.now) })
	w.sent.Add(1)
	if l.pass(quitGrace); w.state != workerKilled {
		t.Errorf("after SIGABRT it is %v", w.state)
	}
}

// The heartbeat is for who serves or runs a call: a worker that leaves has
// KillGrace for what it does at its end.
func TestHeartbeatOfALeavingWorker(t *testing.T) {
	for _, busy := range []bool{false, true} {
		l := newLab(t, Config{Min: 1, Max: 1, Heartbeat: time.Second, KillGrace: time.Minute})
		w := l.workers[0]
		if busy {
			l.begin(l.give(0))
		}
		l.step(func(fx *effects) { l.leave(fx, w, forIdle, l.now) })
		if l.pass(2 * time.Second); (w.state == workerDying) != busy || busy && w.killedBy != "heartbeat" {
			t.Errorf("busy %v: it is %v, ended for %q", busy, w.state, w.killedBy)
		}
	}
}
