package pool

import "time"

// Which of a worker's calls run, as the daemon sees it: a worker runs as many
// of its calls as Config.Concurrency says, in the order in which it got them.
// So a call that is assigned beyond these begins when an earlier one leaves the
// worker. The started marks decide what may be taken back; these times, which
// cost no message and no look at a clock, are for figures only, and off by the
// way of a frame.

// enter lets c, which is assigned to w, begin, or stand in w's line.
func (k *core) enter(w *worker, c *Call, now time.Duration) {
	if w.load-w.line.len > k.cfg.Concurrency {
		w.line.pushBack(c)
		return
	}
	c.began = now
}

// left lets the next call in w's line begin in the place of c, which has just
// left w.
func (k *core) left(w *worker, c *Call, now time.Duration) {
	w.line.remove(c)
	if next := w.line.head; next != nil && w.load-w.line.len < k.cfg.Concurrency {
		w.line.remove(next)
		next.began = now
	}
}

// runs reports whether c runs.
func (c *Call) runs() bool { return c.state == callAssigned && !c.inQueue.in }

// runningCalls yields the calls of w that run.
func (w *worker) runningCalls(yield func(*Call) bool) {
	left := w.load - w.line.len
	for i := 0; left > 0 && i < len(w.slots); i++ {
		if c := w.slots[i]; c != nil && c.runs() {
			if left--; !yield(c) {
				return
			}
		}
	}
}

// runFor is how long c has run, in all its tries.
func (c *Call) runFor(now time.Duration) time.Duration {
	if c.runs() {
		return c.ran + now - c.began
	}
	return c.ran
}

// hasRun counts the time that c, which is still w's, has run in it, now that it
// has ended.
func (k *core) hasRun(w *worker, c *Call, now time.Duration) {
	took := now - c.began
	c.ran += took
	k.busy += took
	w.spent[c.Func] += now - max(c.began, w.sampled)
}

// revoke takes c back from w, unless w has begun it.
func (k *core) revoke(w *worker, c *Call, now time.Duration) bool {
	if w.marks.Revoke(c.id) {
		return true
	}
	k.begun(w, c, now)
	return false
}

// begun hears that w has begun c. If c still stands in w's line, frames
// overtook each other: c took the place of the call that seemed to have begun
// last.
func (k *core) begun(w *worker, c *Call, now time.Duration) {
	if !c.inQueue.in {
		return
	}
	last := c
	for o := range w.runningCalls {
		if last == c || o.began > last.began {
			last = o
		}
	}
	if c.began = now; last == c {
		w.line.remove(c)
		return
	}
	c.began, last.began = max(last.began, c.given), now
	w.line.insertBefore(last, c)
	w.line.remove(c)
}

// busyUntil is how long calls have run, all together. It never goes back, when
// a call turns out not to have begun.
func (k *core) busyUntil(now time.Duration) time.Duration {
	busy := k.busy
	for _, w := range k.workers {
		for c := range w.runningCalls {
			busy += now - c.began
		}
	}
	k.busyTold = max(k.busyTold, busy)
	return k.busyTold
}

// oldestWait is how long the oldest of the calls that have not begun has been
// waiting.
func (k *core) oldestWait(now time.Duration) (wait time.Duration) {
	oldest := func(c *Call) {
		if c != nil {
			wait = max(wait, now-c.submitted-c.ran)
		}
	}
	oldest(k.queue.head)
	for _, w := range k.workers {
		oldest(w.line.head)
	}
	return wait
}
