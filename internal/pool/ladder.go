package pool

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// The ladder of a call that must end: cancel → KillGrace → SIGABRT for the
// stacks → SIGKILL. The caller gets its answer when the process is gone, so
// that a call that has returned is no longer running.

// startGrace gives w KillGrace to finish c, which was cancelled. No new calls
// go to w until then.
func (k *core) startGrace(fx *effects, w *worker, c *Call, now time.Duration) {
	at := saturate.Add(now, k.cfg.KillGrace)
	c.obeyBy = at
	if w.state != workerReady && w.state != workerLeaving || w.graceFor != nil {
		return // an earlier call's time ends sooner; a suspicion, which has no call, is superseded
	}
	w.due, w.graceFor = at, c
	fx.poke = true
	k.recall(fx, w, now) // the other calls need not wait for the outcome
	k.dispatch(fx, now)
}

// endGrace ends what startGrace began, when the call ended in time.
func (k *core) endGrace(w *worker, now time.Duration) {
	if w.state != workerReady && w.state != workerLeaving {
		return
	}
	w.due, w.graceFor = 0, nil
	for _, c := range w.slots { // of several cancelled calls the next is due
		if c != nil && c.canceling && (w.graceFor == nil || c.obeyBy < w.due) {
			w.due, w.graceFor = c.obeyBy, c
		}
	}
	if w.due == 0 && w.lags() { // the suspicion that startGrace superseded
		w.due = saturate.Add(now, k.intakeTime(w))
	}
}

// kill ends w for reason by; with its stacks first, if there is time for that.
func (k *core) kill(fx *effects, w *worker, by Cause, stacks bool, now time.Duration) {
	if w.state >= workerKilled || w.state == workerDying && stacks {
		return // its end is under way already
	}
	if w.killedBy == "" {
		w.killedBy = by
	}
	k.recall(fx, w, now)
	k.inherit(w)
	if stacks {
		w.state, w.due, w.quitAt = workerDying, now+quitGrace, now
		fx.do(opQuit, w)
	} else {
		w.state, w.due, w.killAt = workerKilled, now+killBound, now
		fx.do(opKill, w)
		fx.acts[len(fx.acts)-1].by = w.killedBy
	}
	k.dispatch(fx, now)
}

// ladder is the rule of a worker that must end: it ends in time, or climbs to
// the next rung.
func (k *core) ladder(w *worker, now time.Duration) (deed, time.Duration) {
	if w.due == 0 || now < w.due {
		return nothing, w.due
	}
	return climb, w.due
}

// climb takes w to the next rung.
func (k *core) climb(fx *effects, w *worker, now time.Duration) {
	if !w.lags() && w.graceFor == nil && (w.state == workerReady || w.state == workerLeaving && w.load > 0) {
		w.due, w.mustTake = 0, 0
		k.dispatch(fx, now)
		return
	}
	if w.graceFor == nil && (w.state == workerStarting || w.state == workerReady) && k.traced(w) != 0 {
		w.due = saturate.Add(now, max(k.cfg.BootTimeout, k.cfg.KillGrace, time.Millisecond)) // look again then
		return
	}
	switch w.state {
	case workerStarting:
		k.kill(fx, w, CauseBootTimeout, true, now)
	case workerReady:
		k.kill(fx, w, causeFor(w.graceFor), true, now)
	case workerLeaving:
		by := CauseStop // the stacks show what held it up
		if w.graceFor != nil || w.lags() {
			by = causeFor(w.graceFor)
		}
		k.kill(fx, w, by, true, now)
	case workerDying:
		k.kill(fx, w, w.killedBy, false, now)
	case workerKilled:
		k.abandon(fx, w, now)
	}
}

// abandon answers the calls of a process that even SIGKILL does not end,
// because it is stuck in the kernel. The process stays on the list until it
// ends.
func (k *core) abandon(fx *effects, w *worker, now time.Duration) {
	w.state, w.due = workerStuck, 0
	d := &Death{Worker: w.id}
	d.PID, d.Code, d.KilledBy, d.Expected = w.pid, -1, string(w.killedBy), w.killedBy.willed()
	d.Stack = "the process did not end within " + killBound.String() + " of SIGKILL: it is stuck in the kernel"
	if tracer := k.traced(w); tracer != 0 {
		d.Stack = fmt.Sprintf("the process did not end within %v of SIGKILL: process %d, a debugger for instance, traces it and holds it", killBound, tracer)
	}
	k.last = d
	k.endCalls(fx, w, d, now)
	fx.do(opHangup, w)
	fx.do(opAbandon, w)
	fx.news.stuck = append(fx.news.stuck, d)
	k.dispatch(fx, now)
}
