package pool

import (
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// Checks of single things as they happen: a submit, an order to a process, an
// answer. Those of the whole are in invariants_whole_test.go.

// idler reports whether a worker has nothing to do and may get calls.
func (s *sim) idler() bool {
	for _, w := range s.k.workers {
		if p := s.procs[w]; s.idles(p) && w.load == 0 {
			return true
		}
	}
	return false
}

// idles reports whether p may get a first call.
func (s *sim) idles(p *simProc) bool {
	return p.readyAt != 0 && p.stopped == 0 && p.quit == 0 && p.killed == 0 && !p.paused && p.w.due == 0 &&
		(!s.k.cfg.Fresh || p.answers == 0)
}

func (s *sim) checkSubmit(c *simCall, waited int, state State, idle bool) {
	full := waited >= s.k.cfg.Queue
	switch {
	case c.Kind == Quarantined: // checkAdmission
	case state == StateStopping && c.Reason != "the pool is stopping":
		broken("a call to a pool that stops ends for %q", c.Reason)
	case state == StateFailed && (c.over == 0 || c.Kind != PoolFailed), state == StateStopping && (c.over == 0 || c.Kind != Stopped):
		broken("a call to a pool that is %v: %+v", state, c.Outcome)
	case state > StatePaused:
	case c.Kind == QueueFull && (!full || idle && waited == 0 && state == StateRunning):
		broken("a call was refused although %d of %d calls wait, idle workers: %v", waited, s.k.cfg.Queue, idle)
	case full && c.over == 0 && c.in == nil:
		broken("%d calls wait, the limit is %d", waited+1, s.k.cfg.Queue)
	case idle && state == StateRunning && waited == 0 && c.in == nil:
		broken("a call waits although a worker is idle")
	}
}

// checkSend looks at a call that is given to p.
func (s *sim) checkSend(p *simProc, c *simCall, d send) {
	k := s.k
	switch {
	case p.readyAt == 0 || p.stopped != 0 || p.quit != 0 || p.killed != 0 || p.paused:
		broken("a call was given to worker %d, which does not serve", p.w.id)
	case k.state == StatePaused || k.state == StateFailed:
		broken("a call was given to a worker of a pool that is %v", k.state)
	case c.over != 0:
		broken("a call was given to a worker after its end")
	case c.ran > k.cfg.Retry || c.ran > 0 && c.Stream != nil:
		broken("a call that has run %d times is given to a worker again", c.ran)
	}
	if s.ending(p) {
		broken("a call was given to worker %d, which is to end another one", p.w.id)
	}
	// If it is queued again, it was taken back in the same step, and earlier calls
	// with it.
	for o := range s.waiting {
		if c.state != callQueued && o.state == callQueued && o.seq < c.seq {
			broken("call %d was given to a worker before call %d", c.seq, o.seq)
		}
	}
	left := time.Duration(0)
	if c.Limit > 0 {
		left = max(c.Limit-(s.now-c.at), 1)
	}
	if k.cfg.Timeout > 0 && (left == 0 || c.at+k.cfg.Timeout-s.now < left) {
		left = max(c.at+k.cfg.Timeout-s.now, 1)
	}
	if d.left != left {
		broken("the function is told that it has %v, it has %v", d.left, left)
	}
	if unread := p.unread + c.size; d.fits && (c.size > 16<<10 || unread > 192<<10) {
		broken("%d bytes, %d with what is there, are said to fit into a link", c.size, unread)
	}
	if !d.fits && c.size <= 16<<10 && p.w.load == 1 && p.w.stale == 0 {
		broken("%d bytes do not fit into an empty link", c.size)
	}
}

// checkSpawn looks at the start of a process.
func (s *sim) checkSpawn() {
	if s.now < s.notBefore {
		broken("a worker is started %v too early", s.notBefore-s.now)
	}
	if s.k.state == StateFailed || s.k.state == StateStopped {
		broken("a worker of a pool that is %v is started", s.k.state)
	}
	if s.halted {
		broken("a worker is started in a pool whose workers were all told to leave")
	}
	s.checkStart()
}

// checkAct looks at what is asked of p, and notes it.
func (s *sim) checkAct(p *simProc, a act) {
	k := s.k
	once := func(at *time.Duration, what string) {
		if *at != 0 {
			broken("worker %d gets %s twice", p.w.id, what)
		}
		*at = s.now
	}
	if a.op != opHangup && a.op != opStopDaemon && !p.up && p.hung > 0 {
		broken("op %d for worker %d, which is dead", a.op, p.w.id)
	}
	switch a.op {
	case opCancel:
		s.checkCancel(p, a)
	case opStop:
		idle := k.cfg.IdleTimeout > 0 && len(p.running) == 0 && s.now-p.idle >= k.cfg.IdleTimeout
		if k.cfg.Fresh {
			idle = s.mayGo(p)
		}
		takers, _ := k.counted()
		smaller := s.smaller == s.now && takers == k.cfg.Max // it was the one too many
		if ends := s.stopped && k.queue.len == 0; p.w.retiring == "" && !ends && !idle && !smaller && !s.scaling && !s.halted && !s.succeeded(p.w) {
			broken("worker %d is told to leave for no reason", p.w.id)
		}
		once(&p.stopped, "a stop")
	case opPing:
		p.pinged = s.now
		if p.w.due != 0 {
			if p.suspected == 0 {
				p.suspected = s.now
			}
		} else if k.cfg.Heartbeat == 0 || s.now < p.heard+k.cfg.Heartbeat {
			broken("worker %d is asked for a sign of life after %v", p.w.id, s.now-p.heard)
		}
	case opQuit:
		s.checkQuit(p)
		once(&p.quit, "SIGABRT")
	case opKill:
		inTime := false
		switch a.by {
		case "kill":
			inTime = p.byHand
		case "protocol violation":
			inTime = p.liar
		case "stop":
			inTime = p.readyAt == 0
		}
		if !inTime && !p.byHand && !p.liar && (p.quit == 0 || s.now < p.quit+time.Second) {
			broken("worker %d is killed (%s) before its time", p.w.id, a.by)
		}
		once(&p.killed, "SIGKILL")
	case opHangup:
		p.hung++
		if p.up && (p.killed == 0 || s.now < p.killed+5*time.Second) {
			broken("the link of worker %d is closed while it lives", p.w.id)
		}
	case opAbandon:
		for _, c := range p.had {
			s.tolls[c.Func].most++ // perhaps
		}
		if p.abandoned++; p.abandoned > 1 || p.killed == 0 || s.now < p.killed+5*time.Second {
			broken("worker %d is given up %v after SIGKILL", p.w.id, s.now-p.killed)
		}
	case opPause:
		p.held = true
	case opResume:
		p.held = false
	case opStopDaemon:
		if !k.cfg.Looping || k.cfg.OnExit != StopDaemon || p.readyAt == 0 {
			broken("the end of worker %d stops the daemon", p.w.id)
		}
	}
}

func (s *sim) checkCancel(p *simProc, a act) {
	c := p.given[a.id]
	if c == nil || c.in != p || c.cancelled != 0 || !s.socket && !p.begun(c) && p.up {
		broken("worker %d is told to cancel call %08x, which it does not run, or again: %+v", p.w.id, a.id, c)
	}
	late := s.k.cfg.Timeout > 0 && s.now >= c.at+s.k.cfg.Timeout
	if !(c.asked != 0 && a.code == c.cause || late && a.code == wire.CauseTimeout || s.impatient() && a.code == wire.CauseStop) {
		broken("a call is cancelled for cause %d", a.code)
	}
	c.cancelled = s.now
}

// impatient reports whether a stop may cancel calls.
func (s *sim) impatient() bool { return s.stopped && s.now >= s.patience }

// checkQuit looks for a reason for SIGABRT.
func (s *sim) checkQuit(p *simProc) {
	k := s.k
	if k.cfg.BootTimeout > 0 && p.readyAt == 0 && s.now >= p.born+k.cfg.BootTimeout {
		return
	}
	if k.cfg.MemoryLimit > 0 && p.size > k.cfg.MemoryLimit {
		return
	}
	if p.stopped != 0 && p.load == 0 && s.now >= max(p.stopped, p.idle)+k.cfg.KillGrace {
		return // it was told to leave
	}
	if k.cfg.Heartbeat > 0 && p.wedged && s.now >= p.heard+2*k.cfg.Heartbeat && p.pinged >= p.heard+k.cfg.Heartbeat {
		return
	}
	if p.suspected != 0 && (p.wedged || p.deaf || s.jumped > 0) && s.now >= p.suspected+k.cfg.KillGrace {
		return
	}
	if len(p.blocked) > 0 && s.now >= p.heldUp+k.cfg.KillGrace {
		return
	}
	for _, c := range p.w.slots {
		if c := s.byCall[c]; c != nil && c.cancelled != 0 && s.now >= c.cancelled+k.cfg.KillGrace {
			return
		}
	}
	broken("worker %d gets SIGABRT for no reason: silent for %v, asked %v ago", p.w.id, s.now-p.heard, s.now-p.pinged)
}

// ended looks at the end of a call.
func (s *sim) ended(c *simCall) {
	c.over++
	s.counts[c.Kind]++
	k := s.k.cfg
	if p := c.in; p != nil && p.up && p.begun(c) && p.abandoned == 0 {
		broken("a call was answered with kind %d while worker %d runs it", c.Kind, p.w.id)
	}
	if c.worker != nil || c.tries > k.Retry {
		broken("a call that ran %d times ends after %d tries, in worker %v", c.ran, c.tries, c.worker)
	}
	if c.ran > 1+k.Retry {
		broken("a call ran %d times with Retry %d", c.ran, k.Retry)
	}
	if c.ran > 0 && c.Worker == 0 {
		broken("a call that has run ends with kind %d as if no worker had had it", c.Kind)
	}
	if c.Elapsed != s.now-c.at {
		broken("a call took %v, and %v are told", s.now-c.at, c.Elapsed)
	}
	s.checkTimes(c)
	timedOut := k.Timeout > 0 && s.now >= c.at+k.Timeout || c.asked != 0 && c.cause == wire.CauseTimeout
	died := c.Death != nil && c.in != nil && c.Death.Worker == c.in.w.id && c.Worker == c.in.w.pid && (c.in.begun(c) || c.in.ready && (!c.in.up || s.socket && c.in.abandoned > 0))
	if died && !s.socket && !c.in.marked(c) {
		broken("a call that its dead worker had not started ends with kind %d", c.Kind)
	}
	right := (c.Reason != "") == (c.Kind == Quarantined || c.Kind == QueueFull || c.Kind == PoolFailed || c.Kind == Stopped)
	switch c.Kind {
	case OK:
		right = right && c.answer == OK && c.ran > 0
	case Failed, Panicked, Refused:
		right = right && c.answer == c.Kind && c.cancelled == 0
	case Timeout:
		right = right && timedOut && c.answer != OK
	case Canceled:
		right = right && c.asked != 0 && c.cause == wire.CauseCanceled && c.answer != OK
	case Crashed:
		right = right && died && !c.Death.OutOfMemory && c.Death.Forbidden == nil && (c.Stream != nil || c.tries >= k.Retry || s.k.state == StateFailed)
	case OutOfMemory:
		right = right && died && c.Death.OutOfMemory && (c.Stream != nil || k.Retry == 0 || s.k.state == StateFailed)
	case Forbidden:
		right = right && died && c.Death.Forbidden != nil && (c.Stream != nil || k.Concurrency == 1 || c.tries >= k.Retry || s.k.state == StateFailed)
	case Poisoned:
		right = right && died && c.Death.Forbidden == nil && k.Retry > 0 && c.tries >= k.Retry && (s.socket || c.ran <= 1+k.Retry)
	case Quarantined:
		right = right && s.tolls[c.Func].spell > 0 && c.RetryAfter > 0 && c.RetryAfter <= s.tolls[c.Func].spell
	case QueueFull:
		right = right && c.in == nil && strings.HasSuffix(c.Reason, "calls wait already")
	case PoolFailed:
		right = right && s.k.state == StateFailed && c.Reason != ""
	case Stopped:
		right = right && s.stopped && c.Reason != "" && (s.impatient() || c.at >= s.now)
	default:
		right = false
	}
	if !right {
		broken("a call ends with kind %d: %+v; it ran %d times, its worker says %d", c.Kind, c.Outcome, c.ran, c.answer)
	}
	if bound := k.Timeout + s.ladder(); k.Timeout > 0 && c.Elapsed > bound {
		broken("a call with Timeout %v was answered after %v", k.Timeout, c.Elapsed)
	}
	if c.asked != 0 && s.now > c.asked+s.ladder() {
		broken("a call was answered %v after its cancellation", s.now-c.asked)
	}
}

// told looks at when the caller is told of an end. What the worker has not
// taken in is still being sent until then.
func (s *sim) told(c *simCall) {
	c.told++
	bound := s.ladder() + time.Second
	if p := c.heldBy; p != nil && !p.stuck {
		bound -= killBound // with the time to take in what is under way
	}
	if late := s.now - c.at - c.Elapsed; late > bound {
		broken("the caller is told %v after the end of its call", late)
	}
}

// marked reports whether p has marked c as started.
func (p *simProc) marked(c *simCall) bool {
	m := p.marks[wire.Slot(c.id)]
	return m.gen == wire.Gen(c.id) && m.state == 1
}

// ending reports whether p has been told to cancel a call that it still has.
func (s *sim) ending(p *simProc) bool {
	for _, c := range p.w.slots {
		if c := s.byCall[c]; c != nil && c.cancelled != 0 && c.in == p {
			return true
		}
	}
	return false
}

// succeeded reports whether a replacement of w has just become ready: it may
// have been started before w was to stay after all.
func (s *sim) succeeded(w *worker) bool {
	for _, o := range s.k.workers {
		if p := s.procs[o]; p != nil && p.instead == w && p.readyAt == s.now {
			return true
		}
	}
	return false
}

// replacing reports whether w is being replaced.
func (s *sim) replacing(w *worker) bool {
	return slices.ContainsFunc(s.k.workers, func(o *worker) bool { return o.replaces == w })
}
