package pool

import "time"

// A rule looks at one worker. It returns what to do with it now, and when to
// look again, 0 for never. It changes nothing: so the same rule acts and sets
// the alarm.
type rule func(k *core, w *worker, now time.Duration) (do deed, again time.Duration)

// rules are everything that the passing of time alone triggers.
var rules = [...]rule{(*core).ladder, (*core).recycling, (*core).idleness, (*core).heartbeat}

// A deed is what a rule asks for. It is a number, not a function, so that the
// effects of a call allocate nothing.
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
		k.leave(fx, w, forIdle, now)
	case checkLife:
		k.checkLife(fx, w, now)
	}
}

// follow does what a rule says of w, or sets the alarm for the next look.
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

// nextLook is when tickWorker next has something to do for w, or 0.
func (k *core) nextLook(w *worker, now time.Duration) time.Duration {
	at := time.Duration(0)
	for _, r := range rules {
		if _, again := r(k, w, now); again != 0 && (at == 0 || again < at) {
			at = again
		}
	}
	return at
}
