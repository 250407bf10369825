package pool

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// traced returns the process that traces w, 0 if none does. A worker that a
// debugger holds cannot answer, and is not to die of it: neither of its silence
// nor of a slow start. Deadlines and the stop are promises to others, and hold.
func (k *core) traced(w *worker) int {
	if k.tracer == nil || w.pid == 0 {
		return 0
	}
	return k.tracer(w.pid)
}

// heartbeat is the rule of silence: a worker that has been silent for long is
// asked for a sign of life as long as it serves, and after that as long as it
// runs a call.
func (k *core) heartbeat(w *worker, now time.Duration) (deed, time.Duration) {
	if k.cfg.Heartbeat <= 0 || w.state != workerReady && (w.state != workerLeaving || w.load == 0) {
		return nothing, 0
	}
	at := saturate.Add(w.heard, k.cfg.Heartbeat)
	if w.asked > 0 {
		at = w.heard + k.cfg.Heartbeat/heartbeatChecks
	}
	if now < at {
		return nothing, at
	}
	return checkLife, at
}

// checkLife asks a silent worker for a sign of life, and ends one that gives
// none.
func (k *core) checkLife(fx *effects, w *worker, now time.Duration) {
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

// alive takes a sign of life. Without effects it only notes it.
func (k *core) alive(fx *effects, w *worker, now time.Duration) {
	w.heard, w.asked = now, 0
	if fx != nil && w.state == workerReady && w.due != 0 && w.graceFor == nil && !w.lags() {
		w.due, w.mustTake = 0, 0
		k.dispatch(fx, now)
	}
}

// expectPong has w killed if it does not take in what is being sent to it: a
// caller who has cancelled waits for that. Until then w gets no calls. A sign
// of life ends the suspicion only together with what it is about.
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
