package pool

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// check looks at the whole after each step.
func (s *sim) check() {
	k := s.k
	limit := s.limit + 1
	if k.cfg.Fresh {
		limit = s.limit
	}
	n := len(k.workers)
	if n > limit {
		broken("%d processes, Max is %d", n, k.cfg.Max)
	}
	if n <= k.cfg.Max {
		s.limit = k.cfg.Max // scaled down far enough
	}
	if takers, _ := k.counted(); takers > k.cfg.Max {
		broken("%d workers take calls, or will, and Max is %d", takers, k.cfg.Max)
	}
	ready, held, stuck := 0, 0, 0
	for _, w := range k.workers {
		p := s.procs[w]
		load := s.checkWorker(p)
		if load == 0 && p.load > 0 {
			p.idle = s.now
		}
		p.load = load
		if p.abandoned > 0 {
			stuck++
		}
		held += load
		if p.readyAt != 0 && p.stopped == 0 && p.quit == 0 && p.killed == 0 {
			ready++
		}
	}
	if s.steady && !s.stopped && k.cfg.Timeout == 0 {
		if s.reached && ready < k.cfg.Min {
			broken("%d workers are ready while recycling, Min is %d", ready, k.cfg.Min)
		}
		s.reached = s.reached || ready >= k.cfg.Min
	}
	if s.halted && (ready > 0 || k.state != StatePaused) {
		broken("a pool whose workers were all told to leave is %v, and %d serve", k.state, ready)
	}
	places := k.cfg.Max + 1
	if k.cfg.Fresh {
		places--
	}
	if full := stuck > 0 && stuck >= places; full && k.state == StateRunning || !full && k.failedStuck && k.state == StateFailed {
		broken("%d of %d places are taken by stuck processes, and the pool is %v", stuck, places, k.state)
	}
	queued, last := 0, uint64(0)
	for c := k.queue.head; c != nil; c = c.inQueue.next {
		if queued++; c.seq <= last || c.state != callQueued {
			broken("call %d waits behind call %d", c.seq, last)
		}
		last = c.seq
	}
	if queued != k.queue.len || queued+held != k.live {
		broken("%d calls wait and %d are in workers, that makes not %d", queued, held, k.live)
	}
	if queued > 0 && k.state == StateFailed {
		broken("%d calls wait in a pool that has failed", queued)
	}
	if queued > 0 && (k.state == StateRunning || k.state == StateStopping) && s.idler() {
		broken("%d calls wait although a worker is idle: %s", queued, s.describe())
	}
	s.checkCounts()
	s.checkQuarantines()
}

// checkWorker looks at one worker, and returns how many calls it has.
func (s *sim) checkWorker(p *simProc) int {
	k, w := s.k, p.w
	load, bytes := 0, 0
	gives := p.ready && !s.socket && (p.paused || p.stopped != 0 || p.quit != 0 || p.killed != 0 || s.ending(p))
	for slot, c := range w.slots {
		if c == nil {
			continue
		}
		load++
		bytes += len(c.Payload)
		if c.worker != w || c.state != callAssigned || wire.Slot(c.id) != uint8(slot) {
			broken("slot %d of worker %d holds a call that is not its own", slot, w.id)
		}
		if gives && !p.marked(s.byCall[c]) {
			broken("worker %d, which is paused or to end something, keeps a call that it has not started", w.id)
		}
	}
	serves := p.readyAt != 0 && p.stopped == 0 && p.quit == 0 && p.killed == 0
	switch {
	case load != w.load || bytes != w.bytes:
		broken("worker %d has load %d and %d bytes and holds %d calls of %d bytes", w.id, w.load, w.bytes, load, bytes)
	case (w.state == workerReady) != serves:
		broken("worker %d is %v", w.id, w.state)
	case serves && w.replaces != nil:
		broken("worker %d serves, and is still to replace another one", w.id)
	case serves && w.replaced && !s.replacing(w):
		broken("worker %d goes on serving although it was replaced", w.id)
	case serves && load > k.cfg.Concurrency+k.cfg.Ahead:
		broken("worker %d was given %d calls", w.id, load)
	case serves && k.cfg.Looping && (k.state == StateRunning && p.held != p.paused || k.state == StatePaused && !p.held):
		broken("the loop of worker %d is held: %v, it is paused: %v, the pool is %v", w.id, p.held, p.paused, k.state)
	}
	if k.state == StateStopping && k.queue.len == 0 && load == 0 && serves && (s.wake == 0 || s.wake > s.now) {
		broken("worker %d of a pool that stops has nothing to do, and is not told to leave: %s", w.id, s.describe())
	}
	s.checkWear(p, serves)
	s.checkLine(w)
	return load
}

// checkWear looks at why a worker is to be replaced.
func (s *sim) checkWear(p *simProc, serves bool) {
	k, w := s.k, p.w
	if w.retiring == "" || p.retired != 0 || !serves {
		return
	}
	p.retired = s.now
	ok, age := true, s.now-p.readyAt
	reason, _, _ := strings.Cut(w.retiring, ":")
	switch reason {
	case "MaxCalls":
		ok = k.cfg.MaxCalls > 0 && float64(p.answers) >= 0.9*float64(k.cfg.MaxCalls)-1
	case "MaxAge":
		ok = k.cfg.MaxAge > 0 && float64(age) >= 0.9*float64(k.cfg.MaxAge)
	case "MaxMemory":
		ok = k.cfg.MaxMemory > 0 && p.size > k.cfg.MaxMemory
	case "recycle":
		age = k.cfg.MinAge
	}
	if !ok || age < k.cfg.MinAge && !k.cfg.Fresh {
		broken("worker %d retires for %q at the age of %v after %d calls", w.id, w.retiring, age, p.answers)
	}
}

func (s *sim) checkCounts() {
	k, n := s.k, s.k.counts
	want := Counts{
		Calls: uint64(len(s.calls)), OK: s.counts[OK], Failed: s.counts[Failed], Panicked: s.counts[Panicked], Refused: s.counts[Refused],
		Timeout: s.counts[Timeout], Canceled: s.counts[Canceled],
		Crashed: s.counts[Crashed] + s.counts[OutOfMemory] + s.counts[Forbidden] + s.counts[Poisoned],
		Dropped: s.counts[Quarantined] + s.counts[QueueFull] + s.counts[PoolFailed] + s.counts[Stopped],
		Started: uint64(len(s.procs)), Exited: s.exits, Deaths: s.deaths, Corrupt: s.lies,
		Ready: s.readied, Recycled: s.recycled, Retried: n.Retried, Forbidden: s.forbidden,
		RecycledBy: n.RecycledBy, In: n.In, // checkFigures
	}
	certified := uint64(0)
	for _, deaths := range k.deathsBy {
		certified += deaths
	}
	for _, w := range k.workers {
		if w.certified { // it is stuck
			certified--
		}
	}
	if n.Exited != n.Recycled+certified {
		broken("%d processes have ended, %d as intended and %d otherwise", n.Exited, n.Recycled, certified)
	}
	if n != want {
		broken("the counts are %+v, not %+v", n, want)
	}
	ended := n.OK + n.Failed + n.Panicked + n.Refused + n.Timeout + n.Canceled + n.Crashed + n.Dropped
	errors, calls := uint64(0), uint64(0)
	for i := range k.funcs {
		ended, failed := k.funcs[i].calls()
		calls += ended
		errors += failed
	}
	if n.Calls-ended != uint64(k.live) || calls != ended || errors != ended-n.OK || n.Started-n.Exited != uint64(len(k.workers)) {
		broken("the sums are wrong: %+v, %d alive, functions %d calls, %d errors", n, k.live, calls, errors)
	}
}

// checkDue looks, after the supervisor has looked, for what should have been
// done by now.
func (s *sim) checkDue() {
	k := s.k
	if s.impatient() && k.queue.len > 0 {
		broken("calls wait in a pool that stops")
	}
	active, starts := 0, 0
	for _, w := range k.workers {
		p := s.procs[w]
		s.checkLadder(p)
		for i, r := range rules {
			do, again := r(k, w, s.now)
			if do != nothing || again != 0 && again <= s.now {
				broken("rule %d has something to do for worker %d, now or at %v: %d", i, w.id, again, do)
			}
			if then, _ := r(k, w, again); again != 0 && then == nothing {
				broken("rule %d has nothing to do for worker %d at %v, when it is looked at again", i, w.id, again)
			}
		}
		switch {
		case p.stopped != 0 || p.quit != 0 || p.killed != 0:
			if w.load > 0 && p.quit == 0 && p.killed == 0 {
				s.checkHeartbeat(p)
			}
		case p.readyAt == 0:
			starts++
			active++
		default:
			active++
			s.checkServing(p)
		}
	}
	s.checkSpares(starts)
	if k.state > StatePaused && (k.state != StateStopping || k.queue.len == 0) || s.now <= s.notAfter {
		return
	}
	floor := k.cfg.Min
	if k.cfg.Spawn == Eager {
		floor = k.cfg.Max
	}
	if k.cfg.Spawn == Lazy && len(s.calls) == 0 || k.cfg.Fresh || s.halted {
		floor = 0
	}
	taken := active + k.doomed() // what is not replaced after its end is not replaced before it
	room := len(k.workers) <= k.cfg.Max && !k.cfg.Fresh || len(k.workers) < k.cfg.Max
	if room && taken < floor && starts == 0 {
		broken("%d workers are kept, Min is %d", active, floor)
	}
	if room && taken < k.cfg.Max && k.queue.len > 0 && k.state != StatePaused && starts == 0 {
		broken("%d calls wait for %d workers, and no other is started", k.queue.len, active)
	}
}

// checkLadder looks for steps on the way to an end that were not taken.
func (s *sim) checkLadder(p *simProc) {
	k := s.k
	grace := k.cfg.KillGrace
	dying := p.quit != 0 || p.killed != 0
	switch {
	case !dying && p.readyAt == 0 && k.cfg.BootTimeout > 0 && s.now >= p.born+k.cfg.BootTimeout:
		broken("worker %d has been starting for %v", p.w.id, s.now-p.born)
	case p.killed == 0 && p.quit != 0 && s.now >= p.quit+time.Second:
		broken("worker %d lives %v after SIGABRT", p.w.id, s.now-p.quit)
	case p.killed != 0 && p.abandoned == 0 && s.now >= p.killed+5*time.Second:
		broken("calls wait for worker %d, which was killed %v ago", p.w.id, s.now-p.killed)
	case p.abandoned > 0 && p.w.load > 0:
		broken("worker %d, which was given up, has calls", p.w.id)
	case !dying && p.stopped != 0 && p.w.load == 0 && s.now >= max(p.stopped, p.idle)+grace:
		broken("worker %d has been told to leave %v ago", p.w.id, s.now-p.stopped)
	}
	for _, c := range p.w.slots {
		if c == nil {
			continue
		}
		c := s.byCall[c]
		late := k.cfg.Timeout > 0 && s.now >= c.at+k.cfg.Timeout
		if c.cancelled == 0 && (late || c.asked != 0 || s.impatient()) && !dying {
			broken("a call of worker %d was not cancelled", p.w.id)
		}
		if !dying && c.cancelled != 0 && s.now >= c.cancelled+grace {
			broken("worker %d runs a call that was cancelled %v ago", p.w.id, s.now-c.cancelled)
		}
	}
}

// checkServing looks at a worker that serves.
func (s *sim) checkServing(p *simProc) {
	k, w := s.k, p.w
	age := s.now - p.readyAt
	worn := w.load == 0 && k.cfg.Fresh && p.answers > 0 ||
		k.cfg.MaxCalls > 0 && float64(p.answers) >= 1.1*float64(k.cfg.MaxCalls) ||
		k.cfg.MaxAge > 0 && float64(age) >= 1.1*float64(k.cfg.MaxAge) ||
		k.cfg.MaxMemory > 0 && p.size > k.cfg.MaxMemory
	switch {
	case worn && age >= k.cfg.MinAge && w.retiring == "":
		broken("worker %d goes on at the age of %v after %d calls", w.id, age, p.answers)
	case k.cfg.MemoryLimit > 0 && p.size > k.cfg.MemoryLimit:
		broken("worker %d has %d bytes", w.id, p.size)
	case k.cfg.IdleTimeout > 0 && w.load == 0 && s.now >= p.idle+k.cfg.IdleTimeout && !k.cfg.Fresh && k.surplus():
		broken("worker %d has been idle for %v: %s; since %v", w.id, s.now-p.idle, s.due(k.nextLook(w, s.now)), w.idleSince)
	case p.retired != 0 && s.boots == 0 && s.faults == 0 && k.state == StateRunning && k.cfg.BootTimeout > 0 && !s.stopped && s.now > p.retired+30*time.Second+s.jumped:
		broken("worker %d was to be replaced %v ago", w.id, s.now-p.retired)
	}
	s.checkHeartbeat(p)
	if s.socket || k.state != StateRunning || w.load <= k.cfg.Concurrency || s.now-w.lastEnd < 2*time.Millisecond || !s.idler() {
		return
	}
	for _, c := range w.slots { // it is stuck, and another one is idle
		if c := s.byCall[c]; c != nil && s.now-c.given >= 2*time.Millisecond && !p.marked(c) {
			broken("a call waits in worker %d for %v although another one is idle", w.id, s.now-c.given)
		}
	}
}

// checkHeartbeat looks at how long a worker has been silent.
func (s *sim) checkHeartbeat(p *simProc) {
	beat := s.k.cfg.Heartbeat
	switch {
	case beat > 0 && s.now >= p.heard+2*beat+s.jumped:
		broken("worker %d has been silent for %v", p.w.id, s.now-p.heard)
	case beat > 0 && s.now >= p.heard+beat && p.pinged < p.heard:
		broken("worker %d has been silent for %v and was not asked", p.w.id, s.now-p.heard)
	}
}

// checkStop looks at how long the stop has taken.
func (s *sim) checkStop() {
	if late := s.now - s.patience; late > 3*s.k.cfg.KillGrace+time.Second+5*time.Second+10*time.Millisecond+s.jumped {
		broken("the pool has ended %v after the time for calls", late)
	}
}

// checkEnd looks at what is left when all is over.
func (s *sim) checkEnd() {
	k := s.k
	if k.live != 0 || k.queue.len != 0 || k.timers.len != 0 || len(k.workers) != 0 {
		broken("ended with %d calls alive, %d queued, %d timers, %d workers", k.live, k.queue.len, k.timers.len, len(k.workers))
	}
	s.checkSums()
	tries := uint64(0)
	for i, c := range s.calls {
		tries += uint64(c.tries)
		if c.over != 1 || c.told != 1 {
			broken("call %d was ended %d times, its caller told %d times", i, c.over, c.told)
		}
	}
	if k.counts.Retried != tries {
		broken("%d tries were counted of %d", k.counts.Retried, tries)
	}
	for cause := range k.deathsBy {
		if !slices.Contains(status.DeathCauses, cause) {
			broken("workers died of %q, which is not in status.DeathCauses", cause)
		}
	}
	for _, p := range s.procs {
		if p.up || p.hung != 1+p.abandoned {
			broken("worker %d is left behind", p.w.id)
		}
	}
}

// due says what is due at a time.
func (s *sim) due(at time.Duration) string {
	k := s.k
	for _, w := range k.workers {
		if k.nextLook(w, s.now) == at {
			return fmt.Sprintf("worker %d, %v, due %v, load %d", w.id, w.state, w.due, w.load)
		}
	}
	return fmt.Sprintf("no worker; not until %v, drain until %v, %v", k.notUntil, k.stopUntil, k.state)
}

// describe says in what state the workers are.
func (s *sim) describe() (text string) {
	for _, w := range s.k.workers {
		text += fmt.Sprintf("worker %d %v, load %d, due %v, paused %v, retiring %q; ", w.id, w.state, w.load, w.due, w.paused, w.retiring)
	}
	return text
}
