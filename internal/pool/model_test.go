package pool

import (
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// model is what an observer of a pool knows: what was asked of it, what became
// of its workers, and what follows from the promises. It shares no code with
// the core.
type model struct {
	procs  map[*worker]*simProc
	calls  []*simCall
	byCall map[*Call]*simCall

	counts    [16]uint64 // calls ended, by kind
	exits     uint64
	forbidden uint64
	deaths    uint64 // unexpected
	lies      uint64
	readied   uint64
	recycled  uint64
	stopped   bool
	patience  time.Duration // from when on a stop cancels
	jumped    time.Duration // for how long the daemon itself has stood still
	limit     int           // processes that there may be
	reached   bool          // Min workers have been ready, in a steady world
	scaling   bool          // an operator is scaling, or has told a worker to leave
	halted    bool          // an operator has ended all workers
	rolling   bool          // an operator is replacing all workers
	lastCall  time.Duration // when the pool last took a call; 0 = never

	recent     []time.Duration // deaths since the pool was last tried
	bootFails  int             // in a row
	fruitless  int             // deaths in a row without a finished call between them
	shortLoops int             // loops in a row that have ended at once
	notBefore  time.Duration   // no start before, for what has failed
	notAfter   time.Duration   // … and no excuse after
	smaller    time.Duration   // when a looping worker ended last that is not replaced
	deserted   bool            // all looping workers have ended, and are not replaced
	failed     bool            // too many deaths have failed the pool

	waiting map[*Call]bool // before the step

	tolls [2]simToll // of the functions

	worked, used [2]time.Duration // by the functions: really, and as told
	busy, cpu    time.Duration    // as told
	vague        bool             // a worker gave a call back
}

type simCall struct {
	*Call
	at        time.Duration // when it was submitted
	size      int
	ran       int
	over      int           // how often it was ended
	told      int           // … and its caller told
	answer    Kind          // what its worker has said
	asked     time.Duration // when its caller has cancelled it; 0 = never
	cause     wire.Cause    // … and why
	in        *simProc      // that has it, or had it last
	id        uint32        // there
	given     time.Duration
	heldBy    *simProc      // that does not take it in
	cancelled time.Duration // when that was told to cancel it
	begun     time.Duration // when a process last began it
	really    time.Duration // how long it ran before, in so many attempts
	attempts  int
	vague     bool // its worker gave a call back
}

func newModel(cfg Config) model {
	return model{procs: map[*worker]*simProc{}, byCall: map[*Call]*simCall{}, limit: cfg.Max, waiting: map[*Call]bool{}}
}

// before notes what there is before a step.
func (s *sim) before() {
	clear(s.waiting)
	for c := s.k.queue.head; c != nil; c = c.inQueue.next {
		s.waiting[c] = true
	}
	for _, w := range s.k.workers {
		if p := s.procs[w]; p != nil && p.killed != 0 {
			p.had = s.startedIn(p)
		}
	}
}

func (s *sim) becameReady(p *simProc) {
	if p.stopped != 0 || p.quit != 0 || p.killed != 0 {
		return // too late
	}
	p.readyAt, p.heard, p.idle = s.now, s.now, s.now
	s.readied++
	s.bootFails, s.notBefore, s.notAfter = 0, 0, 0
}

// answered notes that p has ended c.
func (s *sim) answered(p *simProc, c *simCall, kind Kind) {
	p.answers++
	if p.load == 1 {
		p.quiets++
		p.unread = 0 // it reads in order
	}
	if kind == OK || kind == Failed {
		s.fruitless = 0
	}
	if kind != Refused {
		s.tolls[c.Func].forgiven = true
	}
}

// forgive is what an operator's resume does.
func (s *sim) forgive() {
	s.recent, s.bootFails, s.fruitless, s.notBefore, s.notAfter, s.deserted, s.failed = nil, 0, 0, 0, 0, false, false
}

// stopping notes an order to stop within the given time. Calls are given as
// much of it as leaves the time for the ladder, but at least half.
func (s *sim) stopping(within time.Duration) {
	if s.k.state == StateStopped {
		return
	}
	at := s.now + within - min(within/2, 2*s.k.cfg.KillGrace+time.Second)
	if !s.stopped || at < s.patience {
		s.patience = at
	}
	s.stopped, s.halted = true, false
}

// exited notes the end of a process, and checks what the core makes of it.
func (s *sim) exited(p *simProc, had []*simCall, d *Death, was State) {
	k := s.k
	s.exits++
	if d.Forbidden != nil {
		s.forbidden++
	}
	willed := d.KilledBy == "kill" || d.KilledBy == "stop" || d.KilledBy == "deadline" || d.KilledBy == "cancel" ||
		d.KilledBy == "" && p.stopped != 0
	switch d.KilledBy {
	case "kill":
		willed = willed && p.byHand
	case "heartbeat", "boot timeout", "memory limit":
		if p.quit == 0 {
			broken("worker %d was ended for %q without SIGABRT", p.w.id, d.KilledBy)
		}
	}
	if d.Expected != (willed || p.ended && d.KilledBy == "" && d.Code == 0 && d.Signal == 0) {
		broken("worker %d has ended, expected: %v: %v", p.w.id, d.Expected, d)
	}
	clean := d.KilledBy == "" && d.Code == 0 && d.Signal == 0
	if clean && (p.stopped != 0 || p.ended) || d.KilledBy == "stop" && p.readyAt == 0 {
		s.recycled++
	}
	if d.Worker != p.w.id || d.Limit != k.cfg.MemoryLimit || d.KilledBy == "memory limit" && !d.OutOfMemory {
		broken("worker %d has the death certificate %+v", p.w.id, d)
	}
	within := func(first, longest time.Duration, n int) {
		wait := first
		for range n {
			wait = min(2*wait, longest)
		}
		j := time.Duration(k.cfg.Jitter * float64(wait))
		s.notBefore, s.notAfter = max(s.notBefore, s.now+wait-j-1), max(s.notAfter, s.now+wait+j+1)
	}
	known := s.charge(had, d)
	alone := k.cfg.Looping && p.readyAt != 0 && k.cfg.OnExit != Restart && was != StateStopping
	mustFail, mayFail := false, false
	switch {
	case willed:
	case alone:
		s.smaller = s.now
		mustFail = k.cfg.OnExit == Ignore && len(k.workers) == 0
		s.deserted = s.deserted || mustFail
	case p.ended && d.KilledBy == "" && d.Code == 0 && d.Signal == 0:
		if s.now-p.readyAt > 10*time.Second {
			s.shortLoops = 0
		}
		within(10*time.Millisecond, k.cfg.BackoffMax, s.shortLoops)
		s.shortLoops++
	case d.Lacking:
		s.bootFails = max(s.bootFails, 1)
		within(250*time.Millisecond, 250*time.Millisecond, 0)
	case known:
		s.deaths++
	default:
		s.deaths++
		if s.fruitless++; p.answers > 0 || len(s.recent) == 0 || s.now-s.recent[len(s.recent)-1] > k.cfg.RestartWindow {
			s.fruitless = 1
		}
		sure, perhaps := s.died()
		serves := false
		for _, w := range k.workers {
			o := s.procs[w]
			serves = serves || o != nil && o.readyAt != 0 && o.stopped == 0 && o.quit == 0 && o.killed == 0
		}
		if p.readyAt == 0 {
			s.bootFails++
		}
		mustFail = k.cfg.MaxBootFails > 0 && s.bootFails >= k.cfg.MaxBootFails && !serves || k.cfg.MaxRestarts > 0 && max(sure, s.fruitless) > k.cfg.MaxRestarts
		mayFail = k.cfg.MaxRestarts > 0 && perhaps > k.cfg.MaxRestarts
		switch {
		case mustFail:
		case p.readyAt == 0:
			within(k.cfg.BackoffMin, k.cfg.BackoffMax, s.bootFails-1)
		case s.fruitless > 4:
			within(10*time.Millisecond, 200*time.Millisecond, s.fruitless-5)
		}
	}
	mustFail = mustFail && !s.halted
	s.failed = s.failed || k.state == StateFailed && was != StateFailed
	if was == StateFailed && k.state == StateRunning && p.abandoned > 0 && !s.failed { // there was no place; now there is one
		s.forgive()
		return
	}
	if want := mustFail || was == StateFailed; was < StateStopping && want != (k.state == StateFailed) && !(mayFail && k.state == StateFailed) {
		broken("after the end of worker %d, %+v, the pool is %v; %d deaths lately, %d before they were ready", p.w.id, d, k.state, len(s.recent), s.bootFails)
	}
	if d.Lacking && k.counts.Deaths != s.deaths {
		broken("a process that could not be started counts as a death")
	}
}

// died notes a death, and returns how many there were in the window: at least,
// and at most. Time in which starts were put off does not count, and how much
// of it there was the model does not know: each death puts them off for 200 ms
// at most.
func (s *sim) died() (sure, perhaps int) {
	cfg := s.k.cfg
	s.recent = append(s.recent, s.now)
	most := time.Duration((1 + cfg.Jitter) * float64(200*time.Millisecond))
	for i, at := range s.recent {
		age := s.now - at
		if age <= cfg.RestartWindow {
			sure++
		}
		if age-most*time.Duration(len(s.recent)-1-i) <= cfg.RestartWindow {
			perhaps++
		}
	}
	return sure, perhaps
}

// ladder is the time that the end of a call may take, from its cancellation.
func (s *sim) ladder() time.Duration {
	return s.k.cfg.KillGrace + time.Second + 5*time.Second + s.jumped
}
