package pool

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// The ladder of a call that must end: cancel → KillGrace → SIGABRT for the
// stacks → SIGKILL. The caller has its answer when the process is gone, so that
// a call that has returned is not running any more.

// startGrace gives w KillGrace to finish c, which has been cancelled. No new calls
// go to w until it has.
func (k *core) startGrace(fx *effects, w *worker, c *Call, now time.Duration) {
	at := saturate.Add(now, k.cfg.KillGrace)
	c.obeyBy = at
	if w.state != workerReady && w.state != workerLeaving || w.graceFor != nil {
		return // an earlier call's time ends sooner; a suspicion, which has none, is superseded
	}
	w.due, w.graceFor = at, c
	fx.poke = true
	k.recall(fx, w, now) // the others need not wait for the outcome
	k.dispatch(fx, now)
}

// endGrace is the end of startGrace when the call has ended in time.
func (k *core) endGrace(w *worker, now time.Duration) {
	if w.state != workerReady && w.state != workerLeaving {
		return
	}
	w.due, w.graceFor = 0, nil
	for _, c := range w.slots { // of several cancelled ones the next is due
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
		return // what it is being ended for takes its course
	}
	if w.killedBy == "" {
		w.killedBy = by
	}
	k.recall(fx, w, now)
	if stacks {
		w.state, w.due = workerDying, now+quitGrace
		fx.do(opQuit, w)
	} else {
		w.state, w.due = workerKilled, now+killBound
		fx.do(opKill, w)
		fx.acts[len(fx.acts)-1].by = w.killedBy
	}
	k.dispatch(fx, now)
}

// tickWorker does what is due for one worker.
func (k *core) tickWorker(fx *effects, w *worker, now time.Duration) {
	if w.due != 0 && w.due <= now {
		if !w.lags() && w.graceFor == nil && (w.state == workerReady || w.state == workerLeaving && w.load > 0) {
			w.due, w.mustTake = 0, 0
			k.dispatch(fx, now)
			return
		}
		if w.graceFor == nil && (w.state == workerStarting || w.state == workerReady) && k.traced(w) != 0 {
			w.due = now + max(k.cfg.BootTimeout, k.cfg.KillGrace, time.Millisecond) // look again then
			return
		}
		switch w.state {
		case workerStarting:
			k.kill(fx, w, CauseBootTimeout, true, now)
		case workerReady:
			k.kill(fx, w, causeFor(w.graceFor), true, now)
		case workerLeaving:
			by := CauseStop // the stacks show what kept it
			if w.graceFor != nil || w.lags() {
				by = causeFor(w.graceFor)
			}
			k.kill(fx, w, by, true, now)
		case workerDying:
			k.kill(fx, w, w.killedBy, false, now)
		case workerKilled:
			k.abandon(fx, w, now)
		}
		return
	}
	if w.state == workerReady {
		k.dueForRecycling(fx, w, now)
		k.shrink(fx, w, now)
	}
	if k.hasHeartbeat(w) {
		k.heartbeat(fx, w, now)
	}
}

// nextStep is when step has something to do for w, or 0.
func (k *core) nextStep(w *worker) time.Duration {
	at := w.due
	earlier := func(t time.Duration) {
		if at == 0 || t < at {
			at = t
		}
	}
	if k.hasHeartbeat(w) {
		earlier(k.nextHeartbeat(w))
	}
	if w.state != workerReady {
		return at
	}
	if k.cfg.IdleTimeout > 0 && w.load == 0 && k.spare() {
		earlier(saturate.Add(w.idleSince, k.cfg.IdleTimeout))
	}
	if w.maxAge > 0 && w.retiring == "" {
		earlier(saturate.Add(w.readyAt, max(w.maxAge, k.cfg.MinAge)))
	}
	if w.retiring == "" && k.reachedLimit(w) {
		earlier(saturate.Add(w.readyAt, k.cfg.MinAge))
	}
	return at
}

// traced returns the process that traces w, 0 if none does. A worker that a
// debugger holds cannot answer, and is not to die of it: neither of its silence
// nor of a slow start. Deadlines and the stop are promises to others, and hold.
func (k *core) traced(w *worker) int {
	if k.tracer == nil || w.pid == 0 {
		return 0
	}
	return k.tracer(w.pid)
}

// hasHeartbeat reports whether w has a heartbeat: as long as it serves, and after that as
// long as it runs a call.
func (k *core) hasHeartbeat(w *worker) bool {
	return k.cfg.Heartbeat > 0 && (w.state == workerReady || w.state == workerLeaving && w.load > 0)
}

// heartbeat asks a silent worker for a sign of life, and ends one that gives none.
func (k *core) heartbeat(fx *effects, w *worker, now time.Duration) {
	if now < k.nextHeartbeat(w) {
		return
	}
	switch {
	case w.asked == 0:
		fx.do(opPing, w)
	case w.asked >= heartbeatChecks && k.traced(w) != 0:
		w.heard, w.asked = now, 0
		return
	case w.asked >= heartbeatChecks:
		k.kill(fx, w, CauseHeartbeat, true, now)
		return
	}
	w.asked++
	w.heard = now // the time of the last check, from now on
}

func (k *core) nextHeartbeat(w *worker) time.Duration {
	if w.asked == 0 {
		return saturate.Add(w.heard, k.cfg.Heartbeat)
	}
	return w.heard + k.cfg.Heartbeat/heartbeatChecks
}

// alive takes a sign of life. Without effects it only notes it.
func (k *core) alive(fx *effects, w *worker, now time.Duration) {
	w.heard, w.asked = now, 0
	if fx != nil && w.state == workerReady && w.due != 0 && w.graceFor == nil && !w.lags() {
		w.due, w.mustTake = 0, 0
		k.dispatch(fx, now)
	}
}

// expectPong has w killed if it does not take in what is being sent to it: a caller
// who has cancelled waits for that. Until then w gets no calls. A sign of life
// ends the suspicion only together with what it is about.
func (k *core) expectPong(fx *effects, w *worker, now time.Duration) {
	w.mustTake = w.given
	if w.due == 0 {
		w.due = saturate.Add(now, k.intakeTime(w))
		fx.do(opPing, w)
	}
}

// lags reports whether w has not taken in what it is suspected for.
func (w *worker) lags() bool { return w.sent.Load() < w.mustTake }

// intakeTime is how long w may need to take in what is under way to it.
func (k *core) intakeTime(w *worker) time.Duration {
	return saturate.Add(k.cfg.KillGrace, saturate.Duration(float64(w.bytes+w.stale)/intakeRate*float64(time.Second)))
}

// intakeRate, in bytes a second, is a tenth of what a busy machine does.
const intakeRate = 32 << 20

// abandon answers the calls of a process that even SIGKILL does not end: it is
// stuck in the kernel. It stays on the list until it goes.
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
	k.dispatch(fx, now)
}
