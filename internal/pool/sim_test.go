package pool

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// sim is a world for a core: virtual time, events in its order, processes.
type sim struct {
	rng    *rand.Rand
	k      *core
	now    time.Duration
	events events
	n      int

	faults  float64 // how often things go wrong
	boots   float64 // how often a start does
	work    time.Duration
	procs   map[*worker]*simProc
	calls   []*simCall
	limit   int // processes that there may be
	steady  bool
	reached bool // … and Min workers have been ready
	stopped bool
}

type simCall struct {
	*Call
	ran, told int
}

// simProc is one simulated process.
type simProc struct {
	s       *sim
	w       *worker
	up      bool // exists
	ready   bool
	wedged  bool // does nothing any more, but can be killed
	stop    bool
	marks   [256]struct{ gen, state uint32 } // state: 1 started, 2 revoked
	inbox   []delivery
	running map[uint32]*simCall
}

type delivery struct {
	id uint32
	c  *simCall
}

// Begin and Revoke are the marks of the link.
func (p *simProc) mark(id uint32, state uint32) bool {
	m := &p.marks[wire.Slot(id)]
	if !wire.Newer(wire.Gen(id), m.gen) {
		return false
	}
	m.gen, m.state = wire.Gen(id), state
	return true
}

func (p *simProc) Revoke(id uint32) bool { return p.mark(id, 2) }

func newSim(seed uint64) *sim {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(ds ...time.Duration) time.Duration { return ds[r.IntN(len(ds))] }
	cfg := Config{
		Name: "sim", Funcs: []string{"f", "g"},
		Max: 1 + r.IntN(4), Spawn: Spawn(r.IntN(3)), IdleTimeout: pick(0, 50*time.Millisecond, time.Second),
		Fresh: r.IntN(5) == 0, Concurrency: 1 + r.IntN(3)*r.IntN(2), Ahead: []int{0, 4, 128}[r.IntN(3)],
		Queue: []int{2, 1000}[r.IntN(2)], Timeout: pick(0, 20*time.Millisecond, time.Second),
		KillGrace: pick(time.Millisecond, 50*time.Millisecond), Retry: r.IntN(3) * r.IntN(2),
		BootTimeout: 2 * time.Second, MaxCalls: []int{0, 1, 7}[r.IntN(3)], MaxAge: pick(0, 0, 300*time.Millisecond),
		Jitter: 0.1, Heartbeat: pick(0, 200*time.Millisecond), MaxRestarts: []int{0, 3, 100}[r.IntN(3)],
		RestartWindow: time.Second, MaxBootFails: []int{0, 5}[r.IntN(2)],
		BackoffMin: 5 * time.Millisecond, BackoffMax: 200 * time.Millisecond,
	}
	cfg.Min = r.IntN(cfg.Max + 1)
	if cfg.Spawn == Eager {
		cfg.Min = cfg.Max
	}
	if cfg.Fresh {
		cfg.Min, cfg.MaxCalls, cfg.Concurrency, cfg.Spawn = 0, 0, 1, Lazy
	}
	s := &sim{
		rng: r, k: newCore(cfg, seed), now: 1, procs: map[*worker]*simProc{}, limit: cfg.Max,
		faults: []float64{0, 0.02, 0.3}[r.IntN(3)], boots: []float64{0, 0.05, 0.6, 1}[r.IntN(4)],
		work: pick(5*time.Microsecond, time.Millisecond, 30*time.Millisecond),
	}
	// In a steady world nothing but recycling ends a worker.
	s.steady = s.faults == 0 && s.boots == 0 && !cfg.Fresh && cfg.IdleTimeout == 0 && r.IntN(2) == 0
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
		for range s.rng.IntN(8) {
			s.at(s.during(span), s.operate)
		}
	}
	s.at(s.during(2*span), func() {
		s.stopped = true
		s.step(func(fx *effects) { s.k.stop(fx, s.now+s.during(time.Second), s.now) })
	})
	for s.k.state != Ended {
		next := s.k.next(s.now)
		switch {
		case len(s.events) > 0 && (next == 0 || s.events[0].at <= next):
			e := heap.Pop(&s.events).(event)
			s.now = max(s.now, e.at)
			e.do()
		case next != 0:
			s.now = max(s.now, next)
			s.step(func(fx *effects) { s.k.tick(fx, s.now) })
		default:
			broken("nothing will happen any more: state %v, %d calls alive, %d workers", s.k.state, s.k.live, len(s.k.workers))
		}
		if s.n++; s.n > 1_000_000 {
			broken("it does not end: state %v, %d calls alive, %d workers", s.k.state, s.k.live, len(s.k.workers))
		}
	}
	for len(s.events) > 0 { // deliveries still under way
		e := heap.Pop(&s.events).(event)
		s.now = max(s.now, e.at)
		e.do()
	}
	if s.k.live != 0 || s.k.queue.len != 0 || s.k.timers.len != 0 || len(s.k.workers) != 0 {
		broken("ended with %d calls alive, %d queued, %d timers, %d workers", s.k.live, s.k.queue.len, s.k.timers.len, len(s.k.workers))
	}
	for i, c := range s.calls {
		if c.told != 1 {
			broken("call %d was answered %d times", i, c.told)
		}
	}
	for _, p := range s.procs {
		if p.up {
			broken("worker %d is left behind", p.w.id)
		}
	}
}

// step runs one step of the core, carries out its effects, and checks.
func (s *sim) step(f func(fx *effects)) {
	var fx effects
	f(&fx)
	for _, a := range fx.acts {
		s.act(a)
	}
	for i := range fx.sends.n {
		s.send(fx.sends.at(i))
	}
	for i := range fx.ended.n {
		c := fx.ended.at(i)
		if c.state != callEnded {
			broken("a call was answered in state %d", c.state)
		}
		c.letGo()
	}
	s.check()
}

func (s *sim) check() {
	limit := s.limit + 1
	if s.k.cfg.Fresh {
		limit = s.limit
	}
	if n := len(s.k.workers); n > limit {
		broken("%d processes, Max is %d", n, s.k.cfg.Max)
	}
	if n := len(s.k.workers); n <= s.k.cfg.Max {
		s.limit = s.k.cfg.Max // scaled down far enough
	}
	ready := 0
	for _, w := range s.k.workers {
		load := 0
		for slot, c := range w.slots {
			if c != nil {
				load++
				if c.worker != w || c.state != callAssigned || wire.Slot(c.id) != uint8(slot) {
					broken("slot %d of worker %d holds a call that is not its own", slot, w.id)
				}
			}
		}
		if load != w.load {
			broken("worker %d has load %d and holds %d calls", w.id, w.load, load)
		}
		if w.state == serving {
			ready++
		}
		if w.state == serving && w.replaced && !slices.ContainsFunc(s.k.workers, func(o *worker) bool { return o.replaces == w }) {
			broken("worker %d goes on serving although it was replaced", w.id)
		}
		if w.state == serving && w.load > s.k.cfg.Concurrency+s.k.cfg.Ahead {
			broken("worker %d was given %d calls", w.id, w.load)
		}
	}
	if s.steady && !s.stopped && s.k.cfg.Timeout == 0 {
		if s.reached && ready < s.k.cfg.Min {
			broken("%d workers are ready while recycling, Min is %d", ready, s.k.cfg.Min)
		}
		s.reached = s.reached || ready >= s.k.cfg.Min
	}
}

func (s *sim) submit() {
	c := &simCall{Call: NewCall()}
	c.Func = s.rng.IntN(2)
	c.OnEnd = func(*Call) { s.told(c) }
	s.calls = append(s.calls, c)
	s.step(func(fx *effects) { s.k.submit(fx, c.Call, s.now) })
	if s.odds(0.1) {
		s.at(s.during(s.work), func() {
			s.step(func(fx *effects) { s.k.cancel(fx, c.Call, wire.CauseCanceled, s.now) })
		})
	}
	if s.odds(0.3) { // they come in bursts
		s.submit()
	}
}

func (s *sim) told(c *simCall) {
	c.told++
	k := s.k.cfg
	if c.Kind == OK && c.ran == 0 {
		broken("a result of a call that never ran")
	}
	if c.ran > 1+k.Retry {
		broken("a call ran %d times with Retry %d", c.ran, k.Retry)
	}
	if c.Kind == 0 {
		broken("an answer that says nothing")
	}
	if (c.Kind == Crashed || c.Kind == Poisoned) && c.Death == nil {
		broken("a crash without a death certificate")
	}
	for w, p := range s.procs {
		for _, running := range p.running {
			if running == c && p.up && w.state != stuck {
				broken("a call was answered with kind %d while worker %d runs it", c.Kind, w.id)
			}
		}
	}
	if bound := k.Timeout + k.KillGrace + quitGrace + killBound + time.Second; k.Timeout > 0 && c.Elapsed > bound {
		broken("a call with Timeout %v was answered after %v", k.Timeout, c.Elapsed)
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
	switch s.rng.IntN(8) {
	case 0:
		s.step(func(fx *effects) { k.pause(fx, s.now) })
		s.at(s.during(100*time.Millisecond), func() { s.step(func(fx *effects) { k.resume(fx, s.now) }) })
	case 1:
		s.step(func(fx *effects) { k.resume(fx, s.now) })
	case 2:
		hi := 1 + s.rng.IntN(5)
		lo := s.rng.IntN(hi + 1)
		if k.cfg.Fresh {
			lo = 0
		}
		s.limit = max(s.limit, hi)
		s.step(func(fx *effects) { k.scale(fx, lo, hi, s.now) })
	case 3:
		s.step(func(fx *effects) { k.recycle(fx, s.now) })
	case 4:
		if some != nil {
			s.step(func(fx *effects) { k.shoot(fx, some.w, "kill", false, s.now) })
		}
	case 5:
		if some != nil {
			some.die(0) // SIGKILL from outside
		}
	case 6:
		if some != nil {
			s.step(func(fx *effects) { k.sized(fx, some.w, 1<<40, s.now) })
		}
	case 7:
		if some != nil {
			some.wedged = true // SIGSTOP
			s.at(s.during(time.Second), func() { some.die(0) })
		}
	}
}

// act carries out what the core wants of a process.
func (s *sim) act(a act) {
	if a.op == opSpawn {
		s.spawn(a.w)
		return
	}
	p := s.procs[a.w]
	switch a.op {
	case opQuit:
		if s.odds(0.9) {
			p.die(s.during(5 * time.Millisecond))
		}
	case opKill:
		took := s.during(time.Millisecond)
		if s.odds(0.02) {
			took += 2 * killBound // stuck in the kernel
		}
		p.die(took)
	case opStop:
		s.at(s.during(10*time.Microsecond), func() { p.stop = true; p.leave() })
	case opPing:
		s.at(s.during(10*time.Microsecond), func() {
			if p.up && !p.wedged {
				s.step(func(fx *effects) { s.k.alive(fx, p.w, s.now) })
			}
		})
	case opCancel:
		s.at(s.during(10*time.Microsecond), func() {
			if c := p.running[a.id]; c != nil && !p.wedged && !s.odds(s.faults) {
				p.finish(a.id, c, Failed)
			}
		})
	}
}

func (s *sim) spawn(w *worker) {
	p := &simProc{s: s, w: w, up: true, running: map[uint32]*simCall{}}
	s.procs[w] = p
	w.marks, w.pid = p, int(w.id)
	switch {
	case s.odds(s.boots) && s.odds(0.7):
		p.die(s.during(2 * time.Millisecond))
	case s.odds(s.boots):
		// hangs while it boots
	default:
		s.at(s.during(3*time.Millisecond), func() {
			if p.up {
				p.ready = true
				s.step(func(fx *effects) { s.k.becameReady(fx, w, s.now) })
			}
		})
	}
}

// send carries a call to its worker. Two sends may overtake each other.
func (s *sim) send(d send) {
	p, c := s.procs[d.to], s.callOf(d.call)
	if d.to.state == starting {
		broken("a call was given to a worker that is not ready")
	}
	s.at(s.during(2*time.Microsecond), func() {
		d.to.sent.Add(1)
		c.letGo()
		p.inbox = append(p.inbox, delivery{d.id, c})
		p.work()
	})
}

func (s *sim) callOf(c *Call) *simCall {
	for _, sc := range s.calls {
		if sc.Call == c {
			return sc
		}
	}
	broken("an unknown call")
	return nil
}

// work starts what may start.
func (p *simProc) work() {
	for p.up && !p.wedged && len(p.inbox) > 0 && len(p.running) < p.s.k.cfg.Concurrency {
		d := p.inbox[0]
		p.inbox = p.inbox[1:]
		if !p.mark(d.id, 1) {
			continue
		}
		d.c.ran++
		p.running[d.id] = d.c
		s := p.s
		switch {
		case s.odds(s.faults / 2): // crashes
			p.die(s.during(s.work))
		case s.odds(s.faults): // hangs for ever
		default:
			kind := OK
			if s.odds(0.2) {
				kind = Failed
			}
			s.at(s.during(s.work), func() { p.finish(d.id, d.c, kind) })
		}
	}
	p.leave()
}

// finish answers a call.
func (p *simProc) finish(id uint32, c *simCall, kind Kind) {
	if !p.up || p.wedged || p.running[id] != c {
		return
	}
	delete(p.running, id)
	p.s.step(func(fx *effects) {
		if !p.s.k.answered(fx, p.w, id, kind, p.s.now) && p.w.state != stuck {
			broken("an honest answer was taken for a lie")
		}
	})
	p.work()
}

func (p *simProc) leave() {
	if p.stop && len(p.running) == 0 && len(p.inbox) == 0 && !p.wedged {
		p.die(p.s.during(100 * time.Microsecond))
	}
}

// die ends the process after a while.
func (p *simProc) die(after time.Duration) {
	s := p.s
	s.at(after, func() {
		if !p.up {
			return
		}
		p.up = false
		s.step(func(fx *effects) { s.k.exited(fx, p.w, &Death{}, s.now) })
	})
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
