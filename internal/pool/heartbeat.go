package pool

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// traced returns the process that traces w, 0 if none does. A worker that a
// debugger holds cannot answer, and must not be killed for its silence or a
// slow start. Deadlines and the stop are promises to callers and the operator,
// and hold.
func (k *core) traced(w *worker) int {
	if k.tracer == nil || w.pid == 0 {
		return 0
	}
	return k.tracer(w.pid)
}

// heartbeat is the rule of silence: a silent worker is asked for a sign of life
// as long as it serves, and after that as long as it runs a call.
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

// checkLife asks a silent worker for a sign of life, and ends one that does not
// answer.
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
	w.heard = now // from here on, the time of the last check
}

// alive handles a sign of life. Without effects it only records it.
func (k *core) alive(fx *effects, w *worker, now time.Duration) {
	w.heard, w.asked = now, 0
	if fx != nil && w.state == workerReady && w.due != 0 && w.graceFor == nil && !w.lags() {
		w.due, w.mustTake = 0, 0
		k.dispatch(fx, now)
	}
}

// expectPong gets w killed if it does not read what is being sent to it: a
// caller who has cancelled waits for that. Until then w gets no calls. A sign
// of life ends the suspicion only if w has also read those frames.
func (k *core) expectPong(fx *effects, w *worker, now time.Duration) {
	w.mustTake = w.given
	if w.due == 0 {
		w.due = saturate.Add(now, k.intakeTime(w))
		fx.do(opPing, w)
	}
}

// lags reports whether w has not read the calls for which it is suspected.
func (w *worker) lags() bool { return w.sent.Load() < w.mustTake }

// intakeTime is how long w may need to read what is under way to it.
func (k *core) intakeTime(w *worker) time.Duration {
	return saturate.Add(k.cfg.KillGrace, saturate.Duration(float64(w.bytes+w.stale)/intakeRate*float64(time.Second)))
}

// intakeRate, in bytes a second, is a tenth of the rate of a busy machine.
const intakeRate = 32 << 20
