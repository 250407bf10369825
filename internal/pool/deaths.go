package pool

import (
	"fmt"
	"slices"
	"time"
)

// violated handles a worker's breach of the protocol.
func (k *core) violated(fx *effects, w *worker, now time.Duration) {
	k.counts.Corrupt++
	k.kill(fx, w, CauseProtocol, false, now)
}

// exited handles the end of a process, after everything that it wrote was read.
// A process that could not be started ends here too.
func (k *core) exited(fx *effects, w *worker, d *Death, now time.Duration) {
	d.Worker, d.Limit = w.id, k.cfg.MemoryLimit
	if w.killedBy != "" {
		d.KilledBy = string(w.killedBy) // also if SIGABRT was enough
	}
	if w.killedBy == CauseMemory {
		d.OutOfMemory = true
	}
	if d.Forbidden != nil {
		k.counts.Forbidden++
	}
	willed := w.state == workerLeaving || w.killedBy.willed()
	d.Expected = willed || w.endedWithLoop(d)
	booting := !w.ready
	k.share(w, max(w.cpu, d.Usage.User+d.Usage.System), now)
	k.drop(w)
	known := k.endCalls(fx, w, d, now)
	if d.Cause == "" {
		if w.done && !willed {
			w.left = forLoop
		}
		k.counts.recycled(w.left)
	}
	fx.do(opHangup, w)
	switch {
	case willed:
		// Not a sign of a broken worker.
	case k.cfg.Looping && !booting && k.cfg.OnExit != Restart && k.state != StateStopping:
		k.doWithout(fx, w, d, now)
	case d.Expected:
		k.loopEnded(w, now)
	default:
		k.countDeath(fx, w, d, booting, known, now)
	}
	if w.replaces != nil && !d.Expected {
		k.replacementDied(fx, d, now)
	}
	k.dispatch(fx, now)
	k.plan(fx, now)
	fx.poke = true
}

// endedWithLoop reports whether w ended only because its loop ended: the end of
// its loop does not excuse a later crash.
func (w *worker) endedWithLoop(d *Death) bool {
	return w.done && w.killedBy == "" && d.Code == 0 && d.Signal == 0
}

// loopEnded puts off the next start when a loop ended by itself: that is not a
// death, but loops that end at once, again and again, must not spin.
func (k *core) loopEnded(w *worker, now time.Duration) {
	if now-w.readyAt > shortLoop {
		k.shortLoops = 0
	}
	k.delayStart(crashBackoffMin, k.shortLoops, k.cfg.BackoffMax, now)
	k.shortLoops++
}

// drop takes w off the list.
func (k *core) drop(w *worker) {
	for i, o := range k.workers {
		if o == w {
			k.workers = append(k.workers[:i], k.workers[i+1:]...)
			break
		}
	}
	k.inherit(w)
	if old := w.replaces; old != nil {
		old.replaced = false // its replacement failed: it stays, and a replacement is tried again later
	}
	k.counts.Exited++
}

// endCalls ends the calls that w started and takes back the others. It reports
// whether w died of a function that is known to kill workers.
func (k *core) endCalls(fx *effects, w *worker, d *Death, now time.Duration) (known bool) {
	var ran, causes []*Call
	held := k.held(w)        // newest first, so that they queue in their old order
	for _, c := range held { // all of them first: they tell of each other when they began
		if !k.revoke(w, c, now) {
			ran = append(ran, c)
		}
	}
	k.certify(fx, w, d, slices.Clone(ran), now)
	for _, c := range held {
		started := slices.Contains(ran, c)
		if started {
			k.hasRun(w, c, now)
			if w.costs(c, d) {
				causes = append(causes, c)
			}
		}
		k.release(w, c, now)
		switch {
		case c.canceling:
			c.Death, c.Worker = d, w.pid
			k.end(fx, c, kindOf(c.cause), now)
		case !started:
			k.requeue(fx, c, now)
		case c.tries < k.cfg.Retry && k.state != StateFailed && c.Stream == nil && !k.guilty(d):
			c.tries++
			c.Worker = w.pid // it ran, whatever happens to it now
			k.counts.Retried++
			k.requeue(fx, c, now)
		default:
			c.Death, c.Worker = d, w.pid
			k.end(fx, c, k.kindOfDeath(c, d), now)
		}
	}
	return k.charge(fx, causes, d, now)
}

// guilty reports whether the only call of a worker did what its sandbox does
// not allow, and so would kill the next one too. If several ran, all but one
// are innocent.
func (k *core) guilty(d *Death) bool { return d.Forbidden != nil && k.cfg.Concurrency == 1 }

func (k *core) kindOfDeath(c *Call, d *Death) Kind {
	switch {
	case d.Forbidden != nil:
		return Forbidden
	case k.cfg.Retry > 0 && c.tries >= k.cfg.Retry:
		return Poisoned
	case d.OutOfMemory:
		return OutOfMemory
	}
	return Crashed
}

// countDeath counts an unexpected death, and waits or gives up if there are too
// many. A death known to be due to one function does not count against all.
func (k *core) countDeath(fx *effects, w *worker, d *Death, booting, known bool, now time.Duration) {
	k.last = d
	if d.Lacking {
		// Not the worker's fault; all we can do is try again.
		k.bootFail = max(k.bootFail, 1)
		k.notUntil = max(now+time.Duration(k.jitter(float64(lackingWait))), k.notUntil)
		return
	}
	k.counts.Deaths++
	if known {
		return
	}
	if booting {
		k.bootFail++
	}
	if n := len(k.deaths); w.calls == 0 && n > 0 && now-k.deaths[n-1].at <= k.cfg.RestartWindow {
		k.streak++
	} else {
		k.streak = 1
	}
	k.deaths = append(k.deaths, stamp{now, k.delayed})
	for k.age(k.deaths[0], now) > k.cfg.RestartWindow {
		k.deaths = k.deaths[1:]
	}
	switch {
	case k.cfg.MaxBootFails > 0 && k.bootFail >= k.cfg.MaxBootFails && !k.serves():
		k.fail(fx, fmt.Sprintf("%d workers in a row died before they were ready", k.bootFail), now)
	case k.cfg.MaxRestarts > 0 && len(k.deaths) > k.cfg.MaxRestarts:
		k.fail(fx, fmt.Sprintf("%d workers died within %v", len(k.deaths), k.cfg.RestartWindow), now)
	case k.cfg.MaxRestarts > 0 && k.streak > k.cfg.MaxRestarts:
		k.fail(fx, fmt.Sprintf("%d workers in a row died without having finished a call", k.streak), now)
	case booting:
		k.delayStart(k.cfg.BackoffMin, k.bootFail-1, k.cfg.BackoffMax, now)
	case k.streak > crashesAtOnce:
		before := max(k.notUntil, now)
		k.delayStart(crashBackoffMin, k.streak-crashesAtOnce-1, crashBackoffMax, now)
		k.delayed += max(k.notUntil-before, 0)
	}
}

// stamp is a moment in a pool's life.
type stamp struct {
	at      time.Duration
	delayed time.Duration // the pool's, then
}

// age is how long ago a moment was, not counting the time for which starts were
// put off since. That delay must not keep the deaths below a limit that they
// would reach without it.
func (k *core) age(s stamp, now time.Duration) time.Duration {
	return now - s.at - (k.delayed - s.delayed)
}

// delayStart delays the next start by first, doubled n times, but at most by
// longest.
func (k *core) delayStart(first time.Duration, n int, longest, now time.Duration) {
	d := first << min(n, 30)
	if d > longest || d <= 0 {
		d = longest
	}
	k.notUntil = max(now+time.Duration(k.jitter(float64(d))), k.notUntil)
}

// doWithout handles the end of a looping worker that will not be replaced.
func (k *core) doWithout(fx *effects, w *worker, d *Death, now time.Duration) {
	if k.cfg.OnExit == StopDaemon {
		fx.do(opStopDaemon, w)
		return
	}
	k.cfg.Min = max(k.cfg.Min-1, 0)
	k.cfg.Max = max(k.cfg.Max-1, 1)
	k.trim(fx, now) // it was being replaced
	if len(k.workers) == 0 {
		k.last = d
		k.fail(fx, "all its looping workers have ended", now)
	}
}

// serves reports whether any worker takes calls. If one does, a pool whose new
// workers do not start goes on with the workers it has.
func (k *core) serves() bool {
	return slices.ContainsFunc(k.workers, func(w *worker) bool { return w.state == workerReady })
}

// fail gives the pool up: waiting calls are answered, new ones refused, until
// resume. Live workers go on with the calls they have.
func (k *core) fail(fx *effects, reason string, now time.Duration) {
	if k.last != nil {
		reason += "; the last one " + k.last.String()
	}
	k.failFor(fx, reason, now)
}

func (k *core) failFor(fx *effects, reason string, now time.Duration) {
	if k.state != StateRunning && k.state != StatePaused || k.halted {
		return
	}
	k.state, k.reason, fx.news.failed = StateFailed, reason, reason
	k.keep(fx, now, "the pool has failed: "+reason)
	for c := k.queue.head; c != nil; c = k.queue.head {
		k.giveUp(fx, c, now)
	}
}
