package pool

import (
	"fmt"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// counted returns how many workers take or will take calls, replacements not
// among them, and how many of those are still starting.
func (k *core) counted() (workers, booting int) {
	for _, w := range k.workers {
		switch {
		case w.state == workerStarting:
			booting++
			if w.replaces == nil {
				workers++
			}
		case w.state == workerReady:
			workers++
		}
	}
	return
}

// spare reports whether more workers are ready than are kept.
func (k *core) spare() bool {
	n, booting := k.counted()
	return n-booting > k.minimum()
}

// minimum is how many workers are kept.
func (k *core) minimum() int {
	switch {
	case k.cfg.Fresh, k.halted:
		return 0
	case k.cfg.Spawn == Eager:
		return k.cfg.Max
	case k.cfg.Spawn == Lazy && k.counts.Calls == 0:
		return 0
	}
	return k.cfg.Min
}

// plan starts what is missing: up to the minimum, for calls that wait, and
// replacements for worn workers.
func (k *core) plan(fx *effects, now time.Duration) {
	k.failIfStuck(fx, now)
	if k.state == StateFailed || k.state == StateStopped || k.state == StateStopping && k.queue.len == 0 || now < k.notUntil {
		return
	}
	have, booting := k.counted()
	want := min(max(k.minimum(), have+k.demand(now)-booting), k.cfg.Max)
	if k.bootFail > 0 {
		want = min(want, have+1-min(booting, 1)) // one at a time until one succeeds
	}
	for ; have < want && k.mayStart(); have++ {
		k.spawn(fx, nil, now)
	}
	k.replace(fx, now)
}

// mayStart bounds the processes there are, the dying ones among them: Max, and
// one more, so that a worker can be replaced before it goes.
func (k *core) mayStart() bool { return len(k.workers) < k.places() }

func (k *core) places() int {
	if k.cfg.Fresh {
		return k.cfg.Max
	}
	return k.cfg.Max + 1
}

// demand is how many more workers the waiting calls could use.
func (k *core) demand(now time.Duration) int {
	if k.state == StatePaused {
		return 0
	}
	wait := k.queue.len
	for _, w := range k.workers {
		// Calls of a few microseconds are done sooner than a process is started.
		over := w.load - k.cfg.Concurrency
		if over > 0 && (w.service*time.Duration(over) >= stallAfter || k.silent(w, now)) {
			wait += over
		}
	}
	return wait
}

// spawn starts a worker, to replace old if that is not nil.
func (k *core) spawn(fx *effects, old *worker, now time.Duration) *worker {
	k.numbered++
	w := &worker{id: k.numbered, state: workerStarting, began: now, replaces: old}
	n := min(k.cfg.Concurrency+k.cfg.Ahead, len(w.slots))
	w.free = make([]uint8, n)
	for i := range w.free {
		w.free[i] = uint8(n - 1 - i)
	}
	k.setLimits(w)
	if k.cfg.BootTimeout > 0 {
		w.due = saturate.Add(now, k.cfg.BootTimeout)
	}
	k.workers = append(k.workers, w)
	k.counts.Started++
	fx.do(opSpawn, w)
	return w
}

// setLimits sets after how many calls, and at which age, w is recycled; 0 = never.
func (k *core) setLimits(w *worker) {
	w.maxCalls, w.maxAge = 0, 0
	if k.cfg.MaxCalls > 0 {
		w.maxCalls = max(uint64(k.jitter(float64(k.cfg.MaxCalls))), 1)
	}
	if k.cfg.MaxAge > 0 {
		w.maxAge = saturate.Duration(k.jitter(float64(k.cfg.MaxAge)))
	}
}

// jitter shortens or lengthens x at random, so that what was started together
// does not end together.
func (k *core) jitter(x float64) float64 {
	return x * (1 + k.cfg.Jitter*(2*k.rng.Float64()-1))
}

// becameReady takes the news that a worker serves.
func (k *core) becameReady(fx *effects, w *worker, now time.Duration) {
	if w.state != workerStarting {
		return
	}
	w.state, w.ready, w.due = workerReady, true, 0
	w.readyAt, w.idleSince, w.heard = now, now, now
	k.bootFail, k.notUntil = 0, 0
	k.counts.Ready++
	if k.cfg.Looping {
		w.loop = loopRuns
		if k.state == StatePaused || w.paused {
			fx.do(opPause, w)
		}
	}
	if old := w.replaces; old != nil {
		w.replaces = nil
		k.leave(fx, old, now)
	}
	k.steal(fx, w, now)
	k.plan(fx, now)
	fx.poke = true
}

// exited takes the end of a process, after everything that it had written was
// taken in. A process that could not be started ends here too.
func (k *core) exited(fx *effects, w *worker, d *Death, now time.Duration) {
	d.Worker, d.Limit = w.id, k.cfg.MemoryLimit
	if w.killedBy != "" {
		d.KilledBy = string(w.killedBy) // also if SIGABRT was enough
	}
	if w.killedBy == CauseMemory {
		d.OutOfMemory = true
	}
	willed := w.state == workerLeaving || w.killedBy.willed()
	d.Expected = willed || w.endedWithLoop(d)
	booting := !w.ready
	k.drop(w)
	k.endCalls(fx, w, d, now)
	fx.do(opHangup, w)
	switch {
	case willed:
		// No sign of a broken worker.
	case k.cfg.Looping && !booting && k.cfg.OnExit != Restart && k.state != StateStopping:
		k.doWithout(fx, w, d, now)
	case d.Expected:
		k.loopEnded(w, now)
	default:
		k.countDeath(fx, w, d, booting, now)
	}
	if w.replaces != nil && !d.Expected {
		k.replacementDied(fx, d, now)
	}
	k.dispatch(fx, now)
	k.plan(fx, now)
	fx.poke = true
}

// endedWithLoop reports whether it was the end of its loop that w has ended with, and
// nothing else: that its loop has ended does not excuse a worker from what it does
// then.
func (w *worker) endedWithLoop(d *Death) bool {
	return w.done && w.killedBy == "" && d.Code == 0 && d.Signal == 0
}

// loopEnded puts off the next start when a loop has ended by itself: that is no
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
	for _, o := range k.workers {
		if o.replaces == w {
			o.replaces = nil // it takes the place instead
		}
	}
	if old := w.replaces; old != nil {
		old.replaced = false // its replacement has failed: it stays, and is tried again later
	}
	k.counts.Exited++
}

// endCalls ends what w had started and takes back what it had not.
func (k *core) endCalls(fx *effects, w *worker, d *Death, now time.Duration) {
	for _, c := range k.held(w) { // newest first, so that they queue in their old order
		started := !w.marks.Revoke(c.id)
		k.release(w, c, now)
		switch {
		case c.canceling:
			c.Death, c.Worker = d, w.pid
			k.end(fx, c, kindOf(c.cause), now)
		case !started:
			k.requeue(fx, c, now)
		case c.tries < k.cfg.Retry && k.state != StateFailed && c.Stream == nil:
			c.tries++
			c.Worker = w.pid // it has run, whatever becomes of it now
			k.counts.Retried++
			k.requeue(fx, c, now)
		default:
			c.Death, c.Worker = d, w.pid
			k.end(fx, c, k.kindOfDeath(c, d), now)
		}
	}
}

func (k *core) kindOfDeath(c *Call, d *Death) Kind {
	switch {
	case k.cfg.Retry > 0 && c.tries >= k.cfg.Retry:
		return Poisoned
	case d.OutOfMemory:
		return OutOfMemory
	}
	return Crashed
}

// countDeath counts an unexpected death, and waits or gives up where they become too
// many.
func (k *core) countDeath(fx *effects, w *worker, d *Death, booting bool, now time.Duration) {
	k.last = d
	if d.Lacking {
		// Not the worker's fault, and all that can be done is to try again.
		k.bootFail = max(k.bootFail, 1)
		k.notUntil = max(now+time.Duration(k.jitter(float64(lackingWait))), k.notUntil)
		return
	}
	k.counts.Deaths++
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

// age is how long ago a moment was, the time not counted for which starts have
// been put off since. That delay must not keep the deaths below a limit that they
// would reach without it.
func (k *core) age(s stamp, now time.Duration) time.Duration {
	return now - s.at - (k.delayed - s.delayed)
}

// delayStart delays the next start by first, doubled n times, but at most by longest.
func (k *core) delayStart(first time.Duration, n int, longest, now time.Duration) {
	d := first << min(n, 30)
	if d > longest || d <= 0 {
		d = longest
	}
	k.notUntil = max(now+time.Duration(k.jitter(float64(d))), k.notUntil)
}

// serves reports whether a worker takes calls. Then a pool whose new workers do
// not start goes on with what it has.
func (k *core) serves() bool {
	return slices.ContainsFunc(k.workers, func(w *worker) bool { return w.state == workerReady })
}

// fail gives the pool up: what waits is answered, what comes is refused, until
// resume. Workers that still live go on with what they have.
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

// violated takes the news that a worker has broken the protocol.
func (k *core) violated(fx *effects, w *worker, now time.Duration) {
	k.counts.Corrupt++
	k.kill(fx, w, CauseProtocol, false, now)
}

// doWithout does what is to be done when a looping worker has ended and is not
// to be replaced.
func (k *core) doWithout(fx *effects, w *worker, d *Death, now time.Duration) {
	if k.cfg.OnExit == StopDaemon {
		fx.do(opStopDaemon, w)
		return
	}
	k.cfg.Min = max(k.cfg.Min-1, 0)
	k.cfg.Max = max(k.cfg.Max-1, 1)
	if len(k.workers) == 0 {
		k.last = d
		k.fail(fx, "all its looping workers have ended", now)
	}
}

// pause stops giving calls to workers, and holds their loops.
func (k *core) pause(fx *effects, _ time.Duration) {
	if k.state == StateRunning {
		k.state = StatePaused
		k.holdLoops(fx, opPause)
	}
}

// resume ends a pause, and is how a failed pool is tried again.
func (k *core) resume(fx *effects, now time.Duration) {
	if k.state != StatePaused && k.state != StateFailed {
		return
	}
	k.state, k.reason, k.failedStuck, k.halted = StateRunning, "", false, false
	k.deaths, k.bootFail, k.streak, k.notUntil = nil, 0, 0, 0
	k.holdLoops(fx, opResume)
	k.dispatch(fx, now)
	k.plan(fx, now)
	fx.poke = true // calls may wait in workers as well
}

func (k *core) holdLoops(fx *effects, o op) {
	for _, w := range k.workers {
		if k.cfg.Looping && w.state == workerReady && !w.paused {
			fx.do(o, w)
		}
	}
}

// pauseWorker stops or goes on giving calls to one worker, and holds its loop.
func (k *core) pauseWorker(fx *effects, w *worker, on bool, now time.Duration) {
	if w.paused == on {
		return
	}
	w.paused = on
	if on {
		k.recall(fx, w, now)
	}
	if k.cfg.Looping && w.state == workerReady && k.state != StatePaused {
		fx.do(map[bool]op{true: opPause, false: opResume}[on], w)
	}
	k.dispatch(fx, now)
	k.plan(fx, now)
	fx.poke = true
}

// scale sets how many workers are kept and allowed.
func (k *core) scale(fx *effects, lo, hi int, now time.Duration) {
	k.cfg.Min, k.cfg.Max = lo, hi
	have, _ := k.counted()
	for i := len(k.workers) - 1; i >= 0 && have > hi; i-- {
		w := k.workers[i]
		if w.replaces == nil && takes(w) {
			k.leave(fx, w, now)
			have--
		}
	}
	k.plan(fx, now)
	fx.poke = true
}

// find returns the worker with the given pid.
func (k *core) find(pid int) *worker {
	for _, w := range k.workers {
		if w.pid == pid && pid != 0 {
			return w
		}
	}
	return nil
}

var _ marks = revokeAll{}

// revokeAll are the marks of a process that never had a link: it has started
// nothing.
type revokeAll struct{}

func (revokeAll) Revoke(uint32) bool { return true }
