package pool

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// recycling is the rule of workers due for recycling: after MaxCalls or MaxAge,
// or above MaxMemory, but not before MinAge.
func (k *core) recycling(w *worker, now time.Duration) (deed, time.Duration) {
	at := time.Duration(0)
	switch {
	case w.state != workerReady:
	case k.cfg.Fresh && w.calls > 0:
		return retire, now
	case w.retiring != "":
	case k.reachedLimit(w):
		at = saturate.Add(w.readyAt, k.cfg.MinAge)
	case w.maxAge > 0:
		at = saturate.Add(w.readyAt, max(w.maxAge, k.cfg.MinAge))
	}
	if at == 0 || now < at {
		return nothing, at
	}
	return retire, at
}

// retire marks a worker that is due for recycling. It goes on serving until its
// replacement is ready, so that the number of ready workers never falls; except
// one that serves a single call.
func (k *core) retire(fx *effects, w *worker, now time.Duration) {
	switch {
	case k.cfg.Fresh:
		w.retiring = "done"
		k.leave(fx, w, forCalls, now)
		return
	case w.maxCalls > 0 && w.calls >= w.maxCalls:
		w.reason = forCalls
		w.retiring = fmt.Sprintf("MaxCalls: %d calls", w.calls)
	case w.maxAge > 0 && now-w.readyAt >= w.maxAge:
		w.reason = forAge
		w.retiring = "MaxAge: " + (now - w.readyAt).Round(time.Millisecond).String()
	default:
		w.reason = forMemory
		w.retiring = fmt.Sprintf("MaxMemory: %d bytes", w.memory)
	}
	k.replace(fx, now)
}

// idleness is the rule of workers above the minimum that have been idle for
// IdleTimeout, and of spares.
func (k *core) idleness(w *worker, now time.Duration) (deed, time.Duration) {
	at := time.Duration(0)
	switch {
	case w.state != workerReady || w.load > 0:
	case k.cfg.Fresh:
		at = k.spareUntil(w, now)
	case k.cfg.IdleTimeout > 0 && k.surplus():
		at = saturate.Add(w.idleSince, k.cfg.IdleTimeout)
	}
	if at == 0 || now < at {
		return nothing, at
	}
	return letGo, at
}

// reachedLimit reports whether w reached a limit of calls, age or memory.
func (k *core) reachedLimit(w *worker) bool {
	return w.maxCalls > 0 && w.calls >= w.maxCalls || k.cfg.MaxMemory > 0 && w.memory > k.cfg.MaxMemory
}

// replace starts the replacement of one retiring worker; one at a time, so that
// there is never more than one process above Max.
func (k *core) replace(fx *effects, now time.Duration) {
	if k.state != StateRunning && k.state != StatePaused || k.halted || now < k.notUntil {
		return
	}
	if !k.mayStart() {
		k.keepForLackOfRoom(fx, now)
		return
	}
	have, booting := k.counted()
	for _, w := range k.workers {
		if w.retiring == "" || w.replaced || w.state != workerReady {
			continue
		}
		if have > k.minimum() && w.load == 0 {
			// Neither it nor a replacement is needed at the moment; it goes as soon as the
			// others suffice.
			if have-booting > k.minimum() {
				k.leave(fx, w, w.reason, now)
				have--
			}
			continue
		}
		w.replaced = true
		k.spawn(fx, w, now)
		return
	}
}

// leave lets w finish its started calls and go.
func (k *core) leave(fx *effects, w *worker, why reason, now time.Duration) {
	switch w.state {
	case workerStarting:
		w.left = why
		k.kill(fx, w, CauseStop, false, now)
	case workerReady:
		w.left = why
		k.recall(fx, w, now)
		w.state = workerLeaving
		k.inherit(w)
		if w.load == 0 {
			w.due = saturate.Add(now, k.cfg.KillGrace)
		}
		fx.do(opStop, w) // it finishes its running calls first
		if w.load > 0 {  // one of them may still be on its way, which over sockets cannot be taken back
			fx.acts[len(fx.acts)-1].id = uint32(w.given)
		}
		k.dispatch(fx, now)
	}
}

// measuredMemory records the resident memory of a worker.
func (k *core) measuredMemory(fx *effects, w *worker, bytes uint64, now time.Duration) {
	w.memory = bytes
	if k.cfg.MemoryLimit > 0 && bytes > k.cfg.MemoryLimit {
		k.kill(fx, w, CauseMemory, true, now)
		return
	}
	k.follow(fx, (*core).recycling, w, now)
}
