package pool

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// The spares of a pool whose processes serve one call each ([Config].Fresh):
// processes that are started before their call and wait for it, so that it need
// not wait for a start. The first call starts its own process, and with every
// call that a process gets, the next spare is started. Calls come first: no
// spare is started while a call waits. Spares and all others together are never
// more than Max. Spares leave when no call has come for IdleTimeout, and when
// the pool is paused.

// unused reports whether w can still get its only call: now, or when it is
// ready.
func (w *worker) unused() bool { return takes(w) && w.load == 0 && w.calls == 0 }

// spares returns how many processes could take a call, and how many of them are
// ready.
func (k *core) spares() (all, ready int) {
	for _, w := range k.workers {
		if w.unused() && !w.paused {
			all++
			if w.state == workerReady {
				ready++
			}
		}
	}
	return
}

// missingSpares returns how many spares should be started.
func (k *core) missingSpares(now time.Duration) int {
	if !k.cfg.Fresh || k.state != StateRunning || k.queue.len > 0 || k.lastCall == 0 {
		return 0
	}
	if over := k.callsOver(); over != 0 && now >= over {
		return 0
	}
	all, _ := k.spares()
	return min(k.cfg.Spare, k.cfg.Max) - all
}

// callsOver is when the pool no longer counts on another call, 0 for never.
func (k *core) callsOver() time.Duration {
	if k.cfg.IdleTimeout <= 0 {
		return 0
	}
	return saturate.Add(k.lastCall, k.cfg.IdleTimeout)
}

// spareUntil is when w, which is ready and has no call, is to leave, 0 for
// never.
func (k *core) spareUntil(w *worker, now time.Duration) time.Duration {
	if !w.unused() {
		return 0
	}
	_, ready := k.spares()
	if k.state == StatePaused || ready > k.cfg.Spare && !w.paused {
		return now
	}
	return k.callsOver()
}

// renewSpares replaces all spares, also those that are starting: what they have
// read may be out of date. Those that have a call leave after it anyway.
func (k *core) renewSpares(fx *effects, now time.Duration) {
	for _, w := range k.workers {
		if w.unused() {
			k.leave(fx, w, forReload, now)
		}
	}
	k.plan(fx, now)
}
