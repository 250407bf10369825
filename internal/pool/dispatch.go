package pool

import (
	"slices"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// room is how many calls w may hold now. A worker gets calls in advance only if
// the measured time of a call says that they will soon be done: then the worker
// never waits for the daemon, and no call waits long behind another while a
// second worker is idle.
func (k *core) room(w *worker, now time.Duration) int {
	switch {
	case w.state != workerReady, w.paused:
		return 0
	case k.cfg.Fresh:
		if w.calls > 0 {
			return 0
		}
		return 1
	case w.due != 0: // on its way out
		return 0
	case w.service == 0, w.load >= k.cfg.Concurrency && k.silent(w, now):
		return k.cfg.Concurrency
	}
	return k.cfg.Concurrency + min(k.cfg.Ahead, int(aheadFor/w.service))
}

// pick returns the least loaded worker with room, or nil.
func (k *core) pick(now time.Duration) *worker {
	var best *worker
	for _, w := range k.workers {
		if w.load < k.room(w, now) && (best == nil || w.load < best.load) {
			if best = w; w.load == 0 {
				break
			}
		}
	}
	return best
}

// assign gives c to w.
func (k *core) assign(fx *effects, c *Call, w *worker, now time.Duration) {
	slot := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	w.gens[slot] = wire.NextGen(w.gens[slot])
	c.id = wire.CallID(slot, w.gens[slot])
	w.slots[slot] = c
	w.load++
	c.state, c.worker, c.given = callAssigned, w, now
	k.enter(w, c, now)
	left := c.Limit
	if left > 0 {
		left = max(left-(now-c.submitted), 1)
	}
	if c.deadline > 0 && (left == 0 || c.deadline-now < left) {
		left = max(c.deadline-now, 1)
	}
	c.hold()
	w.given++
	c.size = c.sizeFor(w)
	w.bytes += c.size
	fits := c.size <= fitsCall && w.bytes+w.stale <= fitsAll
	fx.sends.add(send{c, w, c.id, left, fits})
	if w.load > k.cfg.Concurrency {
		k.wakeBy(fx, k.nextStall(now))
	}
}

// release takes c out of its slot.
func (k *core) release(w *worker, c *Call, now time.Duration) {
	slot := wire.Slot(c.id)
	w.slots[slot] = nil
	w.free = append(w.free, slot)
	w.load--
	if w.line.len > 0 {
		k.left(w, c, now)
	}
	w.bytes -= c.size
	c.worker = nil
	c.loan.End()
	c.loan = nil
	if w.load == 0 {
		w.idleSince = now
	}
}

// measure updates w's average time of a call with an ended call.
func (k *core) measure(w *worker, c *Call, now time.Duration) {
	took := now - max(c.given, w.lastEnd)
	if k.cfg.Concurrency > 1 {
		took = (now - c.given) / time.Duration(k.cfg.Concurrency)
	}
	took = max(took, 1)
	w.lastEnd = now
	if w.service == 0 {
		w.service = took
	} else {
		w.service = max(w.service+(took-w.service)/8, 1)
	}
}

// dispatch gives waiting calls to workers with room.
func (k *core) dispatch(fx *effects, now time.Duration) {
	if k.state == StatePaused || k.state == StateFailed {
		return
	}
	for k.queue.len > 0 {
		c := k.queue.head
		w := k.choose(c, now)
		if w == nil {
			return
		}
		k.queue.remove(c)
		k.assign(fx, c, w, now)
		if k.state == StateStopping {
			fx.poke = true // when nothing waits, idle workers may leave
		}
	}
}

// stalled reports whether calls in w wait behind one that takes longer than
// expected.
func (k *core) stalled(w *worker, now time.Duration) bool {
	return w.load > k.cfg.Concurrency && k.silent(w, now)
}

// silent reports whether w, which has calls, ended none for a while.
func (k *core) silent(w *worker, now time.Duration) bool {
	if now-w.lastEnd < stallAfter {
		return false
	}
	oldest := now
	for _, c := range w.slots {
		if c != nil {
			oldest = min(oldest, c.given)
		}
	}
	return now-oldest >= stallAfter
}

// steal takes back the calls that wait inside stalled workers, if idle has room
// for any, and dispatches the queue.
func (k *core) steal(fx *effects, idle *worker, now time.Duration) {
	if k.state == StateFailed || idle.load >= k.room(idle, now) {
		return
	}
	for _, w := range k.workers {
		if k.stalled(w, now) {
			k.recall(fx, w, now)
		}
	}
	k.dispatch(fx, now)
}

// unstall lets every idle worker steal.
func (k *core) unstall(fx *effects, now time.Duration) {
	for _, w := range k.workers {
		if w.load == 0 {
			k.steal(fx, w, now)
		}
	}
}

// nextStall is when unstall may have something to do.
func (k *core) nextStall(now time.Duration) time.Duration {
	if k.state != StateRunning || len(k.workers) < 2 && k.cfg.Max < 2 {
		return 0
	}
	for _, w := range k.workers {
		if w.load > k.cfg.Concurrency {
			return now + stallAfter
		}
	}
	return 0
}

// recall takes the calls that w has not started back to the queue.
func (k *core) recall(fx *effects, w *worker, now time.Duration) {
	held := k.held(w)
	held = slices.DeleteFunc(held, func(c *Call) bool { return !k.revoke(w, c, now) })
	for _, c := range held {
		k.takeBack(fx, w, c, now)
		k.requeue(fx, c, now)
	}
}

// takeBack takes from w a call that it has not started. Its caller waits for
// sends still under way, wherever the call goes next.
func (k *core) takeBack(fx *effects, w *worker, c *Call, now time.Duration) {
	w.stale += c.size
	k.release(w, c, now)
	if c.holds.Load() > 0 {
		k.expectPong(fx, w, now)
	}
}

// held returns the calls that w holds, newest first.
func (k *core) held(w *worker) []*Call {
	if w.load == 0 {
		return nil
	}
	all := make([]*Call, 0, w.load)
	for _, c := range w.slots {
		if c != nil {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *Call) int { return int(int64(b.seq) - int64(a.seq)) })
	return all
}

// requeue puts a call that was assigned back to its place in the queue: before
// calls submitted later, whichever workers they come back from. In a failed
// pool no worker would take it from there; and a function in quarantine gets
// none.
func (k *core) requeue(fx *effects, c *Call, now time.Duration) {
	c.state, c.id, c.progress = callQueued, 0, nil
	c.notStarted()
	if t := &k.funcs[c.Func].toll; t.spell > 0 && !t.probed(c) {
		k.turnAway(fx, c, now)
		return
	}
	k.queue.insert(c)
	if k.state == StateFailed {
		k.giveUp(fx, c, now)
	}
}

// giveUp ends a call that waits in a failed pool.
func (k *core) giveUp(fx *effects, c *Call, now time.Duration) {
	k.queue.remove(c)
	c.Reason, c.Death = k.reason, k.last
	k.end(fx, c, PoolFailed, now)
}
