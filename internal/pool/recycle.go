package pool

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// dueForRecycling marks a worker that has served its time. It goes on serving until its
// replacement is ready, so that the number of ready workers never falls.
func (k *core) dueForRecycling(fx *effects, w *worker, now time.Duration) {
	switch {
	case k.cfg.Fresh && w.calls > 0:
		w.retiring = "done"
		k.leave(fx, w, now)
		return
	case w.retiring != "":
		return
	case now-w.readyAt < k.cfg.MinAge:
		if k.reachedLimit(w) {
			k.wakeBy(fx, saturate.Add(w.readyAt, k.cfg.MinAge))
		}
		return
	case w.maxCalls > 0 && w.calls >= w.maxCalls:
		w.retiring = fmt.Sprintf("MaxCalls: %d calls", w.calls)
	case w.maxAge > 0 && now-w.readyAt >= w.maxAge:
		w.retiring = "MaxAge: " + (now - w.readyAt).Round(time.Millisecond).String()
	case k.cfg.MaxMemory > 0 && w.memory > k.cfg.MaxMemory:
		w.retiring = fmt.Sprintf("MaxMemory: %d bytes", w.memory)
	default:
		return
	}
	k.replace(fx, now)
}

// reachedLimit reports whether w has done, or taken, as much as a worker may.
func (k *core) reachedLimit(w *worker) bool {
	return w.maxCalls > 0 && w.calls >= w.maxCalls || k.cfg.MaxMemory > 0 && w.memory > k.cfg.MaxMemory
}

// replace starts the replacement of one spent worker; one at a time, so that
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
			// It is not needed at the moment, and so is no replacement; it goes as
			// soon as the others can do without it.
			if have-booting > k.minimum() {
				k.leave(fx, w, now)
				have--
			}
			continue
		}
		w.replaced = true
		k.spawn(fx, w, now)
		return
	}
}

// leave lets w finish what it has started and go.
func (k *core) leave(fx *effects, w *worker, now time.Duration) {
	switch w.state {
	case workerStarting:
		k.counts.Recycled++
		k.kill(fx, w, CauseStop, false, now)
	case workerReady:
		k.counts.Recycled++
		k.recall(fx, w, now)
		w.state = workerLeaving
		if w.load == 0 {
			w.due = saturate.Add(now, k.cfg.KillGrace)
		}
		fx.do(opStop, w) // it finishes what it runs first
		k.dispatch(fx, now)
	}
}

// shrink lets a worker go that has been idle for long.
func (k *core) shrink(fx *effects, w *worker, now time.Duration) {
	if k.cfg.IdleTimeout > 0 && w.load == 0 && now-w.idleSince >= k.cfg.IdleTimeout && k.spare() {
		k.leave(fx, w, now)
	}
}

// measuredMemory takes the resident memory of a worker.
func (k *core) measuredMemory(fx *effects, w *worker, bytes uint64, now time.Duration) {
	w.memory = bytes
	if k.cfg.MemoryLimit > 0 && bytes > k.cfg.MemoryLimit {
		k.kill(fx, w, CauseMemory, true, now)
		return
	}
	if w.state == workerReady {
		k.dueForRecycling(fx, w, now)
	}
}
