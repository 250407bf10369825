package pool

import (
	"fmt"
	"time"
)

// stuckCount is how many processes survived SIGKILL.
func (k *core) stuckCount() (n int) {
	for _, w := range k.workers {
		if w.state == workerStuck {
			n++
		}
	}
	return n
}

// failIfStuck fails the pool when stuck processes take every place: it could
// start no worker, and its calls would wait without end. When one of them ends,
// the pool goes on by itself.
func (k *core) failIfStuck(fx *effects, now time.Duration) {
	n := k.stuckCount()
	full := n >= k.places()
	switch {
	case full && k.state == StateRunning:
		k.failedStuck = true
		k.failFor(fx, fmt.Sprintf("%d of its processes do not end although they were killed: they are stuck in the kernel, and no place is left for another; the pool goes on when one of them ends", n), now)
	case !full && k.failedStuck:
		k.resume(fx, now)
	}
}

// keepForLackOfRoom ends a roll that would wait for a stuck process.
func (k *core) keepForLackOfRoom(fx *effects, now time.Duration) {
	serve := 0
	for _, w := range k.workers {
		if w.state == workerReady {
			serve++
		}
	}
	if n := k.stuckCount(); n > 0 && n+serve >= k.places() {
		k.keep(fx, now, fmt.Sprintf("no place is left for a replacement: %d processes do not end although they were killed, they are stuck in the kernel", n))
	}
}
