package pool

import "time"

// A rule looks at one worker. It returns what is to be done with it now, and
// when to look again, 0 for never. It changes nothing: so the rule that acts
// and the one that sets the alarm are the same.
type rule func(k *core, w *worker, now time.Duration) (do deed, again time.Duration)

// rules are all that time alone makes true.
var rules = [...]rule{(*core).ladder, (*core).recycling, (*core).idleness, (*core).heartbeat}

// A deed is what a rule wants done. It is a number and no function, so that the
// effects of a call need no memory on the heap.
type deed uint8

const (
	nothing   deed = iota
	climb          // the next rung of its ladder
	retire         // replace it
	letGo          // let it leave
	checkLife      // ask for a sign of life
)

func (k *core) carryOut(fx *effects, do deed, w *worker, now time.Duration) {
	switch do {
	case climb:
		k.climb(fx, w, now)
	case retire:
		k.retire(fx, w, now)
	case letGo:
		k.leave(fx, w, now)
	case checkLife:
		k.checkLife(fx, w, now)
	}
}

// follow does what a rule says of w, or has the shell look again in time.
func (k *core) follow(fx *effects, r rule, w *worker, now time.Duration) {
	do, again := r(k, w, now)
	if do == nothing {
		k.wakeBy(fx, again)
	}
	k.carryOut(fx, do, w, now)
}

// tickWorker does what is due for one worker.
func (k *core) tickWorker(fx *effects, w *worker, now time.Duration) {
	for _, r := range rules {
		do, _ := r(k, w, now)
		k.carryOut(fx, do, w, now)
	}
}

// nextLook is when tickWorker has something to do for w, or 0.
func (k *core) nextLook(w *worker, now time.Duration) time.Duration {
	at := time.Duration(0)
	for _, r := range rules {
		if _, again := r(k, w, now); again != 0 && (at == 0 || again < at) {
			at = again
		}
	}
	return at
}
