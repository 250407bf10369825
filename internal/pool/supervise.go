package pool

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// counted returns how many workers take or will take calls, without
// replacements, and how many of those are still starting.
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

// doomed returns how many workers are being killed whose places will stay
// empty: see doWithout.
func (k *core) doomed() (n int) {
	if !k.cfg.Looping || k.cfg.OnExit == Restart {
		return 0
	}
	for _, w := range k.workers {
		if w.ready && (w.state == workerDying || w.state == workerKilled) && !w.killedBy.willed() {
			n++
		}
	}
	return n
}

// surplus reports whether more workers are ready than must be kept.
func (k *core) surplus() bool {
	n, booting := k.counted()
	return n-booting > k.minimum()
}

// minimum is how many workers must be kept.
func (k *core) minimum() int {
	switch {
	case k.cfg.Once && k.counts.Calls == 0 && k.bootFail == 0 && !k.halted:
		return 1
	case k.cfg.Once, k.cfg.Fresh, k.halted:
		return 0
	case k.cfg.Spawn == Eager:
		return k.cfg.Max
	case k.cfg.Spawn == Lazy && k.counts.Calls == 0:
		return 0
	}
	return k.cfg.Min
}

// plan starts missing workers: up to the minimum, for waiting calls, spares,
// and replacements for retiring workers.
func (k *core) plan(fx *effects, now time.Duration) {
	k.failIfStuck(fx, now)
	if k.state == StateFailed || k.state == StateStopped || k.state == StateStopping && k.queue.len == 0 || now < k.notUntil {
		return
	}
	have, booting := k.counted()
	have += k.doomed()
	want := min(max(k.minimum(), have+max(k.demand(now)-booting, k.missingSpares(now))), k.cfg.Max)
	if k.bootFail > 0 {
		want = min(want, have+1-min(booting, 1)) // one at a time until one succeeds
	}
	for ; have < want && k.mayStart(); have++ {
		k.spawn(fx, nil, now)
	}
	k.replace(fx, now)
}

// mayStart bounds the number of processes, dying ones included: Max, and one
// more, so that a worker can be replaced before it goes.
func (k *core) mayStart() bool { return len(k.workers) < k.places() }

func (k *core) places() int {
	if k.cfg.Fresh || k.cfg.Once {
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
		// Calls of a few microseconds end sooner than a process starts.
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
	w := &worker{id: k.numbered, state: workerStarting, began: now, replaces: old, spent: make([]time.Duration, len(k.funcs))}
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

// setLimits sets after how many calls, and at which age, w is recycled; 0 =
// never.
func (k *core) setLimits(w *worker) {
	w.maxCalls, w.maxAge = 0, 0
	if k.cfg.MaxCalls > 0 {
		w.maxCalls = max(uint64(k.jitter(float64(k.cfg.MaxCalls))), 1)
	}
	if k.cfg.MaxAge > 0 {
		w.maxAge = saturate.Duration(k.jitter(float64(k.cfg.MaxAge)))
	}
}

// jitter shortens or lengthens x at random, so that workers started together do
// not end together.
func (k *core) jitter(x float64) float64 {
	return x * (1 + k.cfg.Jitter*(2*k.rng.Float64()-1))
}

// becameReady handles a worker's Ready.
func (k *core) becameReady(fx *effects, w *worker, now time.Duration) {
	if w.state != workerStarting {
		return
	}
	w.state, w.ready, w.due = workerReady, true, 0
	w.readyAt, w.idleSince, w.heard = now, now, now
	k.bootFail, k.notUntil = 0, 0
	k.counts.Ready++
	k.starts.add(now - w.began)
	k.look(w, now) // what its start has used is no function's
	if k.cfg.Looping {
		w.loop = loopRuns
		if k.state == StatePaused || w.paused {
			fx.do(opPause, w)
		}
	}
	if old := w.replaces; old != nil {
		w.replaces = nil
		k.leave(fx, old, old.reason, now)
	}
	k.steal(fx, w, now)
	k.plan(fx, now)
	fx.poke = true
}

// pause stops giving calls to workers, and holds their loops.
func (k *core) pause(fx *effects, _ time.Duration) {
	if k.state == StateRunning {
		k.state = StatePaused
		k.holdLoops(fx, opPause)
		fx.poke = true // spares leave
	}
}

// resume ends a pause, and tries a failed pool again.
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

// pauseWorker stops or resumes giving calls to one worker, and holds or resumes
// its loop.
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

// scale sets how many workers must be kept and how many are allowed.
func (k *core) scale(fx *effects, lo, hi int, now time.Duration) {
	k.cfg.Min, k.cfg.Max = lo, hi
	k.trim(fx, now)
	k.plan(fx, now)
	fx.poke = true
}

// trim lets the workers above Max go, the youngest first.
func (k *core) trim(fx *effects, now time.Duration) {
	have, _ := k.counted()
	for i := len(k.workers) - 1; i >= 0 && have > k.cfg.Max; i-- {
		w := k.workers[i]
		if w.replaces == nil && takes(w) {
			if s := k.successor(w); s != nil { // it would be too many as soon as it is ready
				k.leave(fx, s, forScale, now)
			}
			k.leave(fx, w, forScale, now)
			have--
		}
	}
}

// inherit gives the place of w, which takes no more calls, to the worker that
// starts in its stead, if there is one.
func (k *core) inherit(w *worker) {
	if s := k.successor(w); s != nil {
		s.replaces = nil
	}
}

// successor returns the worker that starts in the place of w, or nil.
func (k *core) successor(w *worker) *worker {
	for _, o := range k.workers {
		if o.replaces == w {
			return o
		}
	}
	return nil
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
