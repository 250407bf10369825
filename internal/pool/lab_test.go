package pool

import (
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// lab is a core in virtual time whose workers do only what a test says: for
// what random histories reach seldom, or cannot tell from something else.
type lab struct {
	*core
	t    *testing.T
	now  time.Duration
	last effects // of the last step
}

// labMarks are the started marks of one worker.
type labMarks map[uint32]bool

func (m labMarks) Revoke(id uint32) bool { return !m[id] }

// newLab starts a core, and has all its first workers ready.
func newLab(t *testing.T, cfg Config) *lab {
	t.Helper()
	cfg.Name, cfg.Funcs = "lab", []string{"f", "g"}
	cfg.Concurrency, cfg.Queue = max(cfg.Concurrency, 1), max(cfg.Queue, 100)
	if cfg.KillGrace == 0 {
		cfg.KillGrace = 50 * time.Millisecond
	}
	l := &lab{core: newCore(cfg, 1), t: t, now: 1}
	l.step(func(fx *effects) { l.plan(fx, l.now) })
	l.boot()
	return l
}

// boot has every worker that starts become ready.
func (l *lab) boot() {
	for _, w := range l.workers {
		if w.state == workerStarting {
			w.pid, w.marks = int(w.id), labMarks{}
			l.step(func(fx *effects) { l.becameReady(fx, w, l.now) })
		}
	}
}

func (l *lab) step(f func(fx *effects)) {
	l.last = effects{}
	f(&l.last)
	for i := range l.last.answers.n {
		l.last.answers.at(i).letGo()
	}
}

// give submits a call of so many bytes.
func (l *lab) give(size int) *Call {
	c := l.giveSlowly(size)
	l.sendAll()
	return c
}

// sendAll has all that the last step gave to workers be sent.
func (l *lab) sendAll() { sent(&l.last) }

// sent has all that a step gave to workers be sent.
func sent(fx *effects) {
	for i := range fx.sends.n {
		fx.sends.at(i).call.holds.Add(-1)
		fx.sends.at(i).to.sent.Add(1)
	}
}

// giveSlowly is give; what is sent is still under way.
func (l *lab) giveSlowly(size int) *Call {
	c := NewCall()
	c.Payload = make([]byte, size)
	l.step(func(fx *effects) { l.submit(fx, c, l.now) })
	return c
}

// tickNow is a look of the supervisor.
func (l *lab) tickNow() {
	l.step(func(fx *effects) { l.tick(fx, l.now) })
	l.armed = l.next(l.now)
}

func (l *lab) state() State { return l.core.state }

// die ends a worker's process.
func (l *lab) die(w *worker) {
	d := &Death{}
	d.PID = w.pid
	if w.marks == nil {
		w.marks = revokeAll{}
	}
	l.step(func(fx *effects) { l.exited(fx, w, d, l.now) })
}

// in returns the workers that are in a state.
func (l *lab) in(s workerState) (all []*worker) {
	for _, w := range l.workers {
		if w.state == s {
			all = append(all, w)
		}
	}
	return all
}

// begin has a call's worker start it.
func (l *lab) begin(c *Call) { c.worker.marks.(labMarks)[c.id] = true }

// answer has a call's worker answer it.
func (l *lab) answer(c *Call, kind Kind) {
	l.t.Helper()
	w, id := c.worker, c.id
	l.begin(c)
	l.step(func(fx *effects) {
		if !l.answered(fx, w, id, kind, l.now) {
			l.t.Fatal("an answer was not taken")
		}
	})
}

func (l *lab) abort(c *Call, cause wire.Cause) {
	l.step(func(fx *effects) { l.cancel(fx, c, cause, l.now) })
}

// pass lets time pass, with the supervisor's looks.
func (l *lab) pass(d time.Duration) {
	spins := 0
	for end := l.now + d; ; {
		at := l.next(l.now)
		if spins++; at > l.now {
			spins = 0
		} else if spins > 10 && at != 0 {
			l.t.Fatalf("the supervisor spins at %v", l.now)
		}
		if at == 0 || at > end {
			l.now = end
			return
		}
		l.now = max(l.now, at)
		l.step(func(fx *effects) { l.tick(fx, l.now) })
		l.armed = l.next(l.now)
	}
}

// ops are what the last step wanted done.
func (l *lab) ops() (ops []op) {
	for _, a := range l.last.acts {
		ops = append(ops, a.op)
	}
	return ops
}
