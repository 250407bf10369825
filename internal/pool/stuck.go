package pool

import (
	"fmt"
	"time"
)

// stuckCount is how many processes SIGKILL did not end.
func (k *core) stuckCount() (n int) {
	for _, w := range k.workers {
		if w.state == workerStuck {
			n++
		}
	}
	return n
}

// failIfStuck fails the pool when stuck processes have taken every place that
// there is: it could start no worker any more, and its calls would wait without
// end. When one of them has gone, the pool goes on by itself.
func (k *core) failIfStuck(fx *effects, now time.Duration) {
	n := k.stuckCount()
	full := n >= k.places()
	switch {
	case full && k.state == StateRunning:
		k.failedStuck = true
		k.failFor(fx, fmt.Sprintf("%d of its processes do not end although they were killed: they are stuck in the kernel, and there is no place for another; the pool goes on when one of them ends", n), now)
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
		k.keep(fx, now, fmt.Sprintf("there is no place for a replacement: %d processes do not end although they were killed, they are stuck in the kernel", n))
	}
}
