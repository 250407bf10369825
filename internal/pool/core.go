package pool

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/arena"
	"github.com/legion-go/legion/internal/saturate"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// State is the state of a pool.
type State uint8

const (
	StateRunning  State = iota
	StatePaused         // calls wait
	StateFailed         // too many workers died: calls end with PoolFailed
	StateStopping       // no new calls; calls already made are finished
	StateStopped        // nothing is left
)

func (s State) String() string {
	return [...]string{"running", "paused", "failed", "stopping", "stopped"}[s]
}

// core is the supervisor of one pool as a state machine. Its methods take the
// time and return the effects to carry out. They are not safe for concurrent
// use: Pool's mutex guards them.
type core struct {
	cfg    Config
	rng    *rand.Rand
	tracer func(pid int) int // the pid that traces a process, 0: none. nil: never traced
	state  State
	reason string // why the pool has failed

	workers  []*worker     // every process, in the order of starting
	numbered uint64        // workers ever started
	seq      uint64        // calls ever submitted
	queue    list          // calls that wait for a worker
	timers   list          // calls with a deadline, earliest first
	live     int           // calls that have not ended
	armed    time.Duration // when the shell will call tick; 0 = not at all
	lastCall time.Duration // when the last call came; 0 = none did

	deaths      []stamp       // recent unexpected deaths, oldest first
	delayed     time.Duration // how long starts were put off after crashes, in total
	bootFail    int           // workers in a row that died before they were ready
	streak      int           // workers in a row that died without finishing a call
	shortLoops  int           // loops in a row that ended at once
	unready     int           // replacements in a row that died before they were ready
	failedStuck bool          // the pool failed because of stuck processes
	halted      bool          // the pool is paused, and has no workers until resume
	notUntil    time.Duration // no starts before
	last        *Death        // the last unexpected one

	stopUntil time.Duration // when draining begins to cancel; 0 = it did

	seal     wire.Seal // of the worker that became ready last
	counts   Counts
	funcs    []funcStats
	deathsBy map[string]uint64 // ends that got certificates, by Death.Cause
	starts   histogram         // from the start of a process until it was ready
	busy     time.Duration     // see busyUntil
	busyTold time.Duration
	cpu      time.Duration                                 // of all workers ever, see cpu.go
	clock    func(w *worker) (used time.Duration, ok bool) // processor time of a worker; nil: unknown
	poisoned int                                           // functions in quarantine
	calls    last[callRecord]                              // that have ended
	ends     last[processEnd]                              // ended processes; the shell adds them
}

// marks is the part of a worker's link that the core needs: it takes back a
// call that the worker has not started. It must not block.
type marks interface{ Revoke(call uint32) bool }

// revokeAll are the marks of a process that never had a link: it started
// nothing.
type revokeAll struct{}

func (revokeAll) Revoke(uint32) bool { return true }

// worker is the core's view of one process.
type worker struct {
	id     uint64
	marks  marks
	member *member // the shell's side; the core only carries it
	pid    int
	arena  *arena.Arena // for Buffers; nil if there is none

	state    workerState
	ready    bool   // was ready at some time
	retiring string // why it is due for replacement; "" = it is not
	reason   reason // the same, for the counts
	left     reason // why it was told to go, for the counts
	replaces *worker
	replaced bool // a replacement is on its way
	killedBy Cause

	slots    [wire.Slots]*Call
	gens     [wire.Slots]uint32
	free     []uint8
	line     list            // calls that wait in it for others, see running.go
	spent    []time.Duration // how long each function has run since sampled, see cpu.go
	sampled  time.Duration
	cpu      time.Duration
	load     int    // calls assigned
	bytes    int    // of their arguments
	stale    int    // bytes of calls that were taken back and may not have been read yet
	given    uint64 // calls ever assigned
	mustTake uint64 // how many of them it must have read when due comes; 0 = it is not suspected
	calls    uint64 // calls finished

	maxCalls uint64
	maxAge   time.Duration
	memory   uint64

	began     time.Duration // when its process was started
	readyAt   time.Duration
	idleSince time.Duration
	lastEnd   time.Duration // when its last call ended
	service   time.Duration // moving average of the time a call takes
	heard     time.Duration // last sign of life
	asked     int           // checks since the last Ping; 0 = no Ping is open
	due       time.Duration // when the next step of its ladder is due; 0 = none
	graceFor  *Call         // the call for which it is being killed

	sent atomic.Uint64 // calls that the shell has finished sending: the worker has read them, or is gone

	progress *status.Progress // of its loop
	paused   bool             // gets no calls, and its loop is held
	loop     loopPhase        // state of its own loop
	done     bool             // its loop has ended by itself

	quitAt, killAt time.Duration // when SIGABRT was asked for and SIGKILL sent; 0 = not
	certified      bool          // its death has its certificate
}

type workerState uint8

const (
	workerStarting workerState = iota
	workerReady
	workerLeaving // told to stop
	workerDying   // SIGABRT was sent
	workerKilled  // SIGKILL was sent
	workerStuck   // … and did not help: its calls have been answered
)

func (s workerState) String() string {
	return [...]string{"starting", "ready", "leaving", "dying", "killed", "stuck"}[s]
}

func newCore(cfg Config, seed uint64) *core {
	k := &core{cfg: cfg, rng: rand.New(rand.NewPCG(seed, 0x6c6567696f6e))}
	k.timers.timers = true
	k.funcs = make([]funcStats, len(cfg.Funcs))
	k.deathsBy = map[string]uint64{}
	return k
}

// submit accepts a new call.
func (k *core) submit(fx *effects, c *Call, now time.Duration) {
	c.submitted = now
	k.seq++
	c.seq = k.seq
	k.live++
	k.counts.Calls++
	if c.canceling { // before it was submitted: its context ended just then
		k.end(fx, c, kindOf(c.cause), now)
		return
	}
	switch k.state {
	case StateFailed:
		c.Reason = k.reason
		k.end(fx, c, PoolFailed, now)
		return
	case StateStopping, StateStopped:
		c.Reason = "the pool is stopping"
		k.end(fx, c, Stopped, now)
		return
	}
	if k.poisoned > 0 && !k.admit(fx, c, now) {
		return
	}
	k.lastCall = now
	w := (*worker)(nil)
	if k.queue.len == 0 && k.state == StateRunning {
		w = k.choose(c, now)
	}
	if k.queue.len >= k.cfg.Queue {
		c.Reason = fmt.Sprintf("%d calls wait already", k.queue.len)
		k.end(fx, c, QueueFull, now)
		return
	}
	if k.cfg.Timeout > 0 {
		c.deadline = saturate.Add(now, k.cfg.Timeout)
		k.timers.insertDeadline(c)
		k.wakeBy(fx, c.deadline)
	}
	if w != nil {
		k.assign(fx, c, w, now)
		if !k.cfg.Fresh {
			return
		}
	} else {
		c.state = callQueued
		k.queue.pushBack(c)
	}
	k.plan(fx, now)
}

// answered handles the end of a call that its worker reported; data, if any, is
// already in the call. It returns false if the worker does not have that call:
// then the worker lies.
func (k *core) answered(fx *effects, w *worker, id uint32, kind Kind, now time.Duration) bool {
	c := w.slots[wire.Slot(id)]
	if c == nil || c.id != id {
		return false
	}
	if c.inQueue.in {
		k.begun(w, c, now)
	} else if now-c.began >= longCall {
		k.look(w, now)
	}
	k.hasRun(w, c, now)
	k.release(w, c, now)
	if w.load == 0 {
		w.stale = 0 // the worker reads in order
	}
	w.calls++
	k.alive(fx, w, now)
	k.measure(w, c, now)
	if kind == OK || kind == Failed {
		k.streak = 0
	}
	if k.funcs[c.Func].toll.deaths > 0 && kind != Refused { // else it did not run
		k.readmit(fx, c.Func, readmitSuccess)
	}
	if c.canceling && kind != OK {
		// The function obeyed. A result that came nevertheless counts.
		kind = kindOf(c.cause)
	}
	c.Worker = w.pid
	k.end(fx, c, kind, now)
	if w.graceFor == c {
		k.endGrace(w, now)
	}
	k.afterCall(fx, w, now)
	return true
}

// lookup returns the call that worker w runs under id, or nil.
func (k *core) lookup(w *worker, id uint32) *Call {
	if c := w.slots[wire.Slot(id)]; c != nil && c.id == id {
		return c
	}
	return nil
}

// afterCall gives a worker that just got room its next calls, or lets it go.
func (k *core) afterCall(fx *effects, w *worker, now time.Duration) {
	k.follow(fx, (*core).idleness, w, now)
	if w.state == workerLeaving && w.load == 0 {
		w.due = saturate.Add(now, k.cfg.KillGrace) // its time to leave counts from the end of its last call
		fx.poke = true
	}
	if w.state == workerReady {
		k.follow(fx, (*core).recycling, w, now)
		k.dispatch(fx, now)
		if w.load == 0 {
			k.steal(fx, w, now)
		}
	}
	if k.state == StateStopping {
		k.goOnStopping(fx, now)
	}
}

// cancel ends a call before its time: at once if no worker has started it,
// through the worker otherwise.
func (k *core) cancel(fx *effects, c *Call, cause wire.Cause, now time.Duration) {
	switch c.state {
	case callNew:
		c.canceling, c.cause = true, cause
	case callQueued:
		k.queue.remove(c)
		k.end(fx, c, kindOf(cause), now)
		if k.state == StateStopping {
			fx.poke = true // idle workers may leave now
		}
	case callAssigned:
		if c.canceling {
			return
		}
		w := c.worker
		if k.revoke(w, c, now) {
			k.takeBack(fx, w, c, now)
			c.notStarted()
			k.end(fx, c, kindOf(cause), now)
			k.afterCall(fx, w, now)
			return
		}
		c.canceling, c.cause, c.canceledAt = true, cause, now
		fx.acts = append(fx.acts, act{op: opCancel, w: w, id: c.id, code: cause})
		k.startGrace(fx, w, c, now)
	}
}

func kindOf(c wire.Cause) Kind {
	switch c {
	case wire.CauseTimeout:
		return Timeout
	case wire.CauseStop:
		return Stopped
	default:
		return Canceled
	}
}

// end answers a call. It must be in no list or slot except the timers.
func (k *core) end(fx *effects, c *Call, kind Kind, now time.Duration) {
	k.timers.remove(c)
	taken := c.state != callNew
	c.state = callEnded
	c.Kind = kind
	c.Elapsed = now - c.submitted
	if kind == Stopped && c.Reason == "" {
		c.Reason = "the pool was stopped before the call had ended"
	}
	k.live--
	k.counts.count(kind)
	f := &k.funcs[c.Func]
	f.count(c, taken)
	if f.toll.probed(c) { // it has told nothing, unless its worker died of it
		f.toll.until = now
	}
	r := k.calls.next()
	c.record(r, now)
	if c.Elapsed > f.slow.least {
		f.slow.add(r, now)
	}
	if c.began != 0 {
		k.counts.In += uint64(r.arg)
		k.counts.Out += uint64(r.result)
	}
	fx.answers.add(c)
}

// tick does everything that is due.
func (k *core) tick(fx *effects, now time.Duration) {
	for c := k.timers.head; c != nil && c.deadline <= now; c = k.timers.head {
		k.timers.remove(c)
		c.overdue = !c.canceling
		k.cancel(fx, c, wire.CauseTimeout, now)
	}
	for i := 0; i < len(k.workers); i++ {
		k.tickWorker(fx, k.workers[i], now)
	}
	if k.state == StateStopping {
		k.goOnStopping(fx, now)
	}
	k.unstall(fx, now)
	k.plan(fx, now)
}

// wakeBy makes the shell call tick at a time, unless it will call it earlier. 0
// is no time.
func (k *core) wakeBy(fx *effects, at time.Duration) {
	if at != 0 && (k.armed == 0 || at < k.armed) {
		fx.poke = true
	}
}

// next returns when tick next has something to do, or 0 for never.
func (k *core) next(now time.Duration) time.Duration {
	at := time.Duration(0)
	min := func(t time.Duration) {
		if t > 0 && (at == 0 || t < at) {
			at = t
		}
	}
	if c := k.timers.head; c != nil {
		min(c.deadline)
	}
	for _, w := range k.workers {
		min(k.nextLook(w, now))
	}
	if k.notUntil > now {
		min(k.notUntil)
	}
	if k.state == StateStopping {
		min(k.stopUntil)
	}
	min(k.nextStall(now))
	return at
}
