package pool

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// sim is a world for a core: virtual time, events in its order, processes
// (simprocess_test.go), and a model of what was promised (model_test.go).
type sim struct {
	rng    *rand.Rand
	k      *core
	now    time.Duration
	wake   time.Duration // when the supervisor will look again; 0 = not at all
	spins  int           // how often it has looked without being through
	events events
	n      int

	faults float64 // how often things go wrong
	boots  float64 // how often a start does
	work   time.Duration
	sizes  []int // of arguments
	socket bool  // no marks: what is sent cannot be taken back
	steady bool  // nothing but recycling ends a worker
	model
}

func newSim(seed uint64) *sim {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(ds ...time.Duration) time.Duration { return ds[r.IntN(len(ds))] }
	cfg := Config{
		Name: "sim", Funcs: []string{"f", "g"},
		Max: 1 + r.IntN(4), Spawn: Spawn(r.IntN(3)), IdleTimeout: pick(0, 50*time.Millisecond, time.Second),
		Fresh: r.IntN(5) == 0, Concurrency: 1 + r.IntN(3)*r.IntN(2), Ahead: []int{0, 4, 128}[r.IntN(3)],
		Queue: []int{1, 2, 1000, 1000}[r.IntN(4)], Timeout: pick(0, 20*time.Millisecond, time.Second),
		KillGrace: pick(time.Millisecond, 50*time.Millisecond), Retry: r.IntN(3) * r.IntN(2),
		BootTimeout: pick(0, 2*time.Second, 2*time.Second), MaxCalls: []int{0, 1, 7, 40}[r.IntN(4)],
		MaxAge: pick(0, 0, 300*time.Millisecond), MinAge: pick(0, 0, 100*time.Millisecond),
		MaxMemory: []uint64{0, 1000}[r.IntN(2)], MemoryLimit: []uint64{0, 9000}[r.IntN(2)],
		Jitter: 0.1, Heartbeat: pick(0, 200*time.Millisecond), MaxRestarts: []int{0, 3, 100}[r.IntN(3)],
		RestartWindow: time.Second, MaxBootFails: []int{0, 5}[r.IntN(2)],
		BackoffMin: 5 * time.Millisecond, BackoffMax: 200 * time.Millisecond,
		CrashBudget: []int{-1, 0, 1, 3}[r.IntN(4)],
		Looping:     r.IntN(4) == 0, OnExit: OnExit(r.IntN(3)),
	}
	cfg.Min = r.IntN(cfg.Max + 1)
	if cfg.Spawn == Eager {
		cfg.Min = cfg.Max
	}
	if cfg.Fresh {
		cfg.Min, cfg.MaxCalls, cfg.Concurrency, cfg.Spawn, cfg.Looping = 0, 0, 1, Lazy, false
		cfg.Spare = []int{0, 1, 1, 2, 1 << 62}[r.IntN(5)]
	}
	s := &sim{
		rng: r, now: 1,
		faults: []float64{0, 0.02, 0.3}[r.IntN(3)], boots: []float64{0, 0.05, 0.6, 1}[r.IntN(4)],
		work:  pick(5*time.Microsecond, time.Millisecond, 30*time.Millisecond),
		sizes: [][]int{{0}, {0, 100, 10 << 10}, {100, fitsCall, fitsCall + 1, 100 << 10}}[r.IntN(3)],
	}
	if s.socket = r.IntN(4) == 0; s.socket {
		cfg.Ahead = 0
	}
	s.k = newCore(cfg, seed)
	s.k.clock = func(w *worker) (time.Duration, bool) { return s.procs[w].used(), true }
	s.steady = s.faults == 0 && s.boots == 0 && !cfg.Fresh && cfg.IdleTimeout == 0 && !cfg.Looping && r.IntN(2) == 0
	s.model = newModel(cfg)
	return s
}

// during is a random time around d.
func (s *sim) during(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.2 + 1.6*s.rng.Float64()))
}

func (s *sim) odds(p float64) bool { return s.rng.Float64() < p }

func (s *sim) run() {
	s.step(func(fx *effects) { s.k.plan(fx, s.now) })
	span := s.during(2 * time.Second)
	for range 20 + s.rng.IntN(100) {
		s.at(s.during(span), s.submit)
	}
	if !s.steady {
		for range s.rng.IntN(10) {
			s.at(s.during(span), s.operate)
		}
	}
	s.at(s.during(2*span), s.stop)
	for s.k.state != StateStopped {
		switch {
		case len(s.events) > 0 && (s.wake == 0 || s.events[0].at <= s.wake):
			s.happen()
		case s.wake != 0:
			s.now = max(s.now, s.wake)
			s.tick()
		default:
			broken("nothing will happen any more: state %v, %d calls alive, %d workers", s.k.state, s.k.live, len(s.k.workers))
		}
		if s.n++; s.n > 1_000_000 {
			broken("it does not end: state %v, %d calls alive, %d workers", s.k.state, s.k.live, len(s.k.workers))
		}
	}
	s.checkStop()
	for len(s.events) > 0 { // what is still under way
		s.happen()
	}
	s.checkEnd()
}

// happen lets the next event happen.
func (s *sim) happen() {
	e := heap.Pop(&s.events).(event)
	if e.at > s.now+1 && s.k.state != StateStopped { // the supervisor has slept until now: was there nothing to do?
		s.now = e.at - 1
		s.checkDue()
	}
	s.now = max(s.now, e.at)
	e.do()
}

// tick is what the supervisor's goroutine does.
func (s *sim) tick() {
	poked := false
	s.step(func(fx *effects) { s.k.tick(fx, s.now); poked = fx.poke })
	s.wake = s.k.next(s.now)
	s.k.armed = s.wake
	if poked {
		s.wake = s.now // it looks again at once
	}
	if s.wake == 0 || s.wake > s.now || s.k.state == StateStopped {
		s.spins = 0
		s.checkDue()
	} else if s.spins++; s.spins > 10 {
		broken("the supervisor would spin: %v is due again: %s", s.wake, s.due(s.wake))
	}
}

// step runs one step of the core, carries out its effects, and checks.
func (s *sim) step(f func(fx *effects)) {
	var fx effects
	s.before()
	was, exits := s.k.state, s.exits
	f(&fx)
	if was == StateFailed && s.k.state == StateRunning && s.exits == exits && !s.failed {
		s.forgive() // an operator has made place for a pool whose processes do not go
	}
	for i := range fx.sends.n {
		s.send(fx.sends.at(i))
	}
	for _, a := range fx.acts {
		s.act(a)
	}
	s.judged(fx.news.quarantines)
	for i := range fx.answers.n {
		c := fx.answers.at(i)
		if c.state != callEnded {
			broken("a call was answered in state %d", c.state)
		}
		s.ended(s.byCall[c])
		c.letGo()
	}
	if fx.poke {
		s.wake = s.now
	} else if at := s.k.next(s.now); at != 0 && (s.wake == 0 || max(at, s.now) < s.wake) {
		broken("nobody looks at what is due at %v, but at %v: %s", at, s.wake, s.due(at))
	}
	s.check()
}

func (s *sim) submit() {
	c := &simCall{Call: NewCall(), size: s.sizes[s.rng.IntN(len(s.sizes))], at: s.now}
	c.Func = s.rng.IntN(2)
	c.Payload = zeros[:c.size]
	if s.odds(0.2) {
		c.Limit = s.during(time.Second)
	}
	if s.odds(0.1) {
		c.Stream = func([]byte) error { return nil }
	}
	c.OnEnd = func(*Call) { s.told(c) }
	s.calls = append(s.calls, c)
	s.byCall[c.Call] = c
	waited, state, idle := s.k.queue.len, s.k.state, s.idler()
	refused := s.refuses(c)
	if state <= StatePaused && !refused {
		s.lastCall = s.now
	}
	s.step(func(fx *effects) { s.k.submit(fx, c.Call, s.now) })
	if s.checkSubmit(c, waited, state, idle); state <= StatePaused {
		s.checkAdmission(c, refused)
	}
	if s.odds(0.1) {
		s.at(s.during(s.work), func() { s.cancel(c) })
	}
	if s.odds(0.3) { // they come in bursts
		s.submit()
	}
}

var zeros = make([]byte, 100<<10)

// cancel is the caller's doing.
func (s *sim) cancel(c *simCall) {
	if c.asked == 0 {
		c.asked, c.cause = s.now, []wire.Cause{wire.CauseCanceled, wire.CauseTimeout}[s.rng.IntN(2)]
	}
	s.step(func(fx *effects) { s.k.cancel(fx, c.Call, c.cause, s.now) })
	if p := c.in; c.over == 0 && (p == nil || !p.begun(c) && !s.socket) {
		broken("a call that no worker has started outlives its cancellation")
	}
}

// stop begins the end, and sometimes hurries it.
func (s *sim) stop() {
	within := s.during(time.Second)
	s.stopping(within)
	s.step(func(fx *effects) { s.k.stop(fx, s.now+within, s.now) })
	if s.odds(0.3) {
		s.at(s.during(300*time.Millisecond), s.stop)
	}
}

// operate does what an operator, or fate, may do.
func (s *sim) operate() {
	k := s.k
	var some *simProc
	for _, w := range k.workers {
		if p := s.procs[w]; p != nil && p.up && (some == nil || s.odds(0.5)) {
			some = p
		}
	}
	what := s.rng.IntN(16)
	if some == nil && what >= 4 && what < 13 {
		return
	}
	switch what {
	case 0:
		s.step(func(fx *effects) { k.pause(fx, s.now) })
		s.at(s.during(100*time.Millisecond), s.resume)
	case 1:
		s.resume()
	case 2:
		hi := 1 + s.rng.IntN(5)
		lo := s.rng.IntN(hi + 1)
		if k.cfg.Fresh {
			lo = 0
		}
		s.limit = max(s.limit, hi)
		s.scaling = true
		s.step(func(fx *effects) { k.scale(fx, lo, hi, s.now) })
		s.scaling = false
	case 3:
		s.recycle()
	case 4:
		some.byHand = true
		s.step(func(fx *effects) { k.kill(fx, some.w, "kill", false, s.now) })
	case 5:
		some.die(0) // SIGKILL from outside
	case 6, 7:
		some.size = []uint64{10, 1000, 2000, 9000, 20_000}[s.rng.IntN(5)]
		s.step(func(fx *effects) { k.measuredMemory(fx, some.w, some.size, s.now) })
	case 8:
		s.vague = true                     // what it has, and has not begun, seems to run
		if some.deaf = true; s.odds(0.5) { // SIGSTOP
			some.wedged = true
			s.at(s.during(time.Second), func() { some.die(0) })
		}
	case 9:
		some.lie()
	case 10:
		s.pauseWorker(some, true)
		s.at(s.during(100*time.Millisecond), func() {
			if some.up {
				s.pauseWorker(some, false)
			}
		})
	case 11: // the daemon was stopped for a while
		by := s.during(5 * time.Second)
		s.now += by
		s.jumped += by
	case 12:
		s.scaling = true
		s.step(func(fx *effects) { k.endWorker(fx, some.w, s.now) })
		s.scaling = false
	case 13:
		s.halted = s.halted || !s.stopped
		s.step(func(fx *effects) { k.halt(fx, s.now) })
		s.at(s.during(100*time.Millisecond), s.resume)
	case 15:
		s.checkFigures()
	case 14:
		s.pardon()
		s.step(func(fx *effects) { k.readmitAll(fx, readmitRequest) })
	}
}

func (s *sim) resume() {
	if s.k.state == StatePaused || s.k.state == StateFailed {
		s.forgive()
	}
	s.halted = false
	s.step(func(fx *effects) { s.k.resume(fx, s.now) })
}

func (s *sim) pauseWorker(p *simProc, on bool) {
	p.paused = on
	s.step(func(fx *effects) { s.k.pauseWorker(fx, p.w, on, s.now) })
}

// event is something that will happen.
type event struct {
	at  time.Duration
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

func (s *sim) at(after time.Duration, do func()) {
	s.n++
	heap.Push(&s.events, event{s.now + after, s.n, do})
}
