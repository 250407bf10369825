package pool

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
	"github.com/legion-go/legion/internal/wire"
)

// stop begins the end: it refuses new calls. Present ones may finish until only
// the time for the rest of the ladder is left; then they are cancelled and
// their workers killed.
func (k *core) stop(fx *effects, by, now time.Duration) {
	until := by - min(max(by-now, 0)/2, saturate.Add(saturate.Add(k.cfg.KillGrace, k.cfg.KillGrace), quitGrace))
	switch {
	case k.state == StateStopped:
		return
	case k.state != StateStopping || until < k.stopUntil: // an earlier stop can only be hurried
		k.stopUntil = until
	}
	k.state, k.halted = StateStopping, false
	k.dispatch(fx, now)
	fx.poke = true
}

// goOnStopping goes on with a stop.
func (k *core) goOnStopping(fx *effects, now time.Duration) {
	if now >= k.stopUntil { // then on every tick: a call may come back to the queue
		k.stopUntil = 0
		for c := k.queue.head; c != nil; c = k.queue.head {
			k.cancel(fx, c, wire.CauseStop, now)
		}
		for _, w := range k.workers {
			for _, c := range k.held(w) {
				k.cancel(fx, c, wire.CauseStop, now)
			}
		}
	}
	if k.queue.len > 0 {
		return
	}
	for i := 0; i < len(k.workers); i++ {
		if w := k.workers[i]; w.load == 0 {
			k.leave(fx, w, forStop, now)
		}
	}
	left := 0
	for _, w := range k.workers {
		if w.state != workerStuck { // a stuck process may never end
			left++
		}
	}
	if left == 0 {
		k.state = StateStopped
		fx.poke = true
	}
}
