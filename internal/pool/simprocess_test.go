package pool

import (
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// simProc is one simulated process, and what was asked of it and when.
type simProc struct {
	s      *sim
	w      *worker
	up     bool // exists
	ready  bool
	wedged bool // does nothing any more, but can be killed
	stuck  bool // in the kernel: SIGKILL does not end it soon
	deaf   bool // takes in no more payloads, but answers
	leaves bool // it has heard that it is to leave
	stays  bool // … and does not, when it has nothing left to do
	liar   bool
	ended  bool          // its loop has ended by itself
	size   uint64        // last known
	worked time.Duration // for how long calls that have left it ran in it

	gaveBack bool // a call that it had not begun

	marks     [256]struct{ gen, state uint32 } // state: 1 started, 2 revoked
	inbox     []delivery
	given     map[uint32]*simCall
	running   map[uint32]*simCall
	cancelled map[uint32]bool
	last      uint32 // the call that it has answered last
	unread    int    // bytes in its link
	underway  int    // calls that are being sent to it
	quiets    int    // how often it has answered all that it was sent

	born, readyAt, heard, idle       time.Duration
	pinged, stopped                  time.Duration
	quit, killed, suspected, retired time.Duration
	load                             int           // as of the last step
	blocked                          []func()      // the ends of sends that wait for room
	heldUp                           time.Duration // since when
	hung, abandoned                  int
	byHand, paused, held             bool
	answers                          uint64
	instead                          *worker    // that it was started to replace
	had                              []*simCall // that it had started before the step in which it was given up
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

func (p *simProc) Begin(id uint32) bool { return p.s.socket || p.mark(id, 1) }
func (p *simProc) Revoke(id uint32) bool {
	ok := !p.s.socket && p.mark(id, 2)
	p.gaveBack = p.gaveBack || ok
	return ok
}

// begun reports whether p has started c and not ended it.
func (p *simProc) begun(c *simCall) bool { return c.in == p && p.running[c.id] == c }

// act carries out what the core wants of a process.
func (s *sim) act(a act) {
	if a.op == opSpawn {
		s.spawn(a.w)
		return
	}
	p := s.procs[a.w]
	s.checkAct(p, a)
	switch a.op {
	case opQuit:
		if s.odds(0.9) {
			p.die(s.during(5 * time.Millisecond))
		}
	case opHangup:
		for _, over := range p.blocked {
			s.at(s.during(time.Microsecond), over)
		}
		p.blocked = nil
	case opAbandon:
		for _, c := range p.running { // if they are retried, nobody says how long they have run
			c.vague, s.vague = true, true
		}
	case opKill:
		took := s.during(time.Millisecond)
		if s.odds(0.02) {
			took += 2 * killBound
			p.stuck = true
		}
		p.die(took)
	case opStop:
		s.at(s.during(10*time.Microsecond), func() { p.leaves, p.stays = true, s.odds(s.faults); p.leave() })
	case opPing:
		s.at(s.during(10*time.Microsecond), p.says)
	case opCancel:
		s.at(s.during(10*time.Microsecond), func() {
			c := p.running[a.id]
			switch {
			case p.wedged || s.odds(s.faults):
			case c == nil:
				p.cancelled[a.id] = true // it was faster than the request
			default:
				p.finish(a.id, c, Failed)
			}
		})
	}
}

// says gives a sign of life.
func (p *simProc) says() {
	if p.up && !p.wedged {
		p.speaks()
		p.s.step(func(fx *effects) { p.s.k.alive(fx, p.w, p.s.now) })
	}
}

// speaks notes a sign of life.
func (p *simProc) speaks() {
	p.heard = p.s.now
	if p.underway == 0 {
		p.suspected = 0
	}
}

func (s *sim) spawn(w *worker) {
	s.checkSpawn()
	p := &simProc{s: s, w: w, up: true, given: map[uint32]*simCall{}, running: map[uint32]*simCall{}, cancelled: map[uint32]bool{}, born: s.now, instead: w.replaces}
	s.procs[w] = p
	w.marks, w.pid = p, int(w.id)
	switch {
	case s.odds(s.boots / 4):
		p.dieAs(s.during(time.Millisecond), &Death{Lacking: true})
	case s.odds(s.boots) && s.odds(0.7):
		p.die(s.during(2 * time.Millisecond))
	case s.odds(s.boots) && s.k.cfg.BootTimeout > 0:
		// hangs while it boots
	default:
		s.at(s.during(3*time.Millisecond), func() {
			if p.up && !p.wedged {
				p.ready = true
				s.becameReady(p)
				s.step(func(fx *effects) { s.k.becameReady(fx, w, s.now) })
				if s.k.cfg.Looping && s.odds(0.2+s.faults) {
					s.at(s.during(time.Second), p.endLoop)
				}
			}
		})
	}
}

// endLoop lets the worker's own loop end, and so the worker.
func (p *simProc) endLoop() {
	if !p.up || p.wedged || p.leaves {
		return
	}
	p.ended = true
	p.speaks()
	p.s.step(func(fx *effects) {
		p.s.k.alive(fx, p.w, p.s.now)
		p.w.loop, p.w.done = loopOver, true
	})
	p.leaves = true
	p.leave()
}

// send carries a call to its worker. Two sends may overtake each other.
func (s *sim) send(d send) {
	p, c := s.procs[d.to], s.byCall[d.call]
	s.checkSend(p, c, d)
	c.in, c.id, c.given, c.cancelled = p, d.id, s.now, 0
	p.given[d.id], p.idle = c, s.now
	p.unread += c.size
	p.underway++
	answers := p.quiets
	if (p.wedged || p.deaf) && !d.fits && p.hung == 0 { // it waits for room
		if len(p.blocked) == 0 {
			p.heldUp = s.now
		}
		c.heldBy = p
		p.blocked = append(p.blocked, func() { p.underway--; d.to.sent.Add(1); d.call.letGo() })
		return
	}
	s.at(s.during(2*time.Microsecond), func() {
		p.underway--
		d.to.sent.Add(1)
		c.letGo()
		if p.up && !p.wedged && p.quiets == answers {
			p.unread -= c.size
		}
		p.inbox = append(p.inbox, delivery{d.id, c})
		p.work()
	})
}

// work starts what may start.
func (p *simProc) work() {
	for p.up && !p.wedged && len(p.inbox) > 0 && len(p.running) < p.s.k.cfg.Concurrency {
		d := p.inbox[0]
		p.inbox = p.inbox[1:]
		if !p.Begin(d.id) {
			continue
		}
		p.running[d.id] = d.c
		p.began(d.c)
		s := p.s
		switch {
		case s.odds(0.02): // it cannot run it
			s.at(s.during(s.work), func() { p.finish(d.id, d.c, Refused) })
			continue
		case p.cancelled[d.id]:
			s.at(s.during(time.Microsecond), func() { p.finish(d.id, d.c, Failed) })
		case s.odds(s.faults / 2): // crashes
			p.die(s.during(s.work))
		case s.odds(s.faults): // hangs for ever
		default:
			kind := OK
			if s.odds(0.2) {
				kind = []Kind{Failed, Panicked}[s.rng.IntN(2)]
			}
			if d.c.Stream != nil {
				s.at(s.during(s.work/2), func() {
					if p.up && !p.wedged && p.running[d.id] == d.c {
						p.speaks()
						s.step(func(*effects) { s.k.alive(nil, p.w, s.now) }) // as for an element
					}
				})
			}
			s.at(s.during(s.work), func() { p.finish(d.id, d.c, kind) })
		}
		d.c.ran++
	}
	p.leave()
}

// finish answers a call.
func (p *simProc) finish(id uint32, c *simCall, kind Kind) {
	if !p.up || p.wedged || p.running[id] != c {
		return
	}
	s := p.s
	p.stops(c)
	delete(p.running, id)
	if p.abandoned == 0 {
		c.answer, p.last = kind, id
		p.speaks()
		s.answered(p, c, kind)
	}
	s.step(func(fx *effects) {
		if !s.k.answered(fx, p.w, id, kind, s.now) && p.abandoned == 0 {
			broken("an honest answer was taken for a lie")
		}
	})
	if p.abandoned == 0 && c.over != 1 {
		broken("an answered call is still open")
	}
	p.work()
}

// lie answers calls that the process does not have. The core must notice, and
// heed nothing of it.
func (p *simProc) lie() {
	s := p.s
	id := p.last
	if id == 0 || s.odds(0.5) {
		id = wire.CallID(uint8(s.rng.IntN(256)), uint32(s.rng.IntN(1<<24)))
	}
	if c := p.w.slots[wire.Slot(id)]; c != nil && c.id == id {
		return // by chance it is the truth
	}
	var fx effects
	was := s.k.counts
	if s.k.answered(&fx, p.w, id, OK, s.now) || s.k.lookup(p.w, id) != nil || fx.answers.n > 0 || fx.acts != nil || s.k.counts != was {
		broken("worker %d has answered call %08x, which it does not have, and was believed", p.w.id, id)
	}
	p.liar = true
	s.lies++
	s.step(func(fx *effects) { s.k.violated(fx, p.w, s.now) })
	if p.killed == 0 {
		broken("a liar lives")
	}
}

func (p *simProc) leave() {
	if p.leaves && !p.stays && len(p.running) == 0 && len(p.inbox) == 0 && !p.wedged {
		p.die(p.s.during(100 * time.Microsecond))
	}
}

// die ends the process after a while.
func (p *simProc) die(after time.Duration) {
	d := &Death{Exit: proc.Exit{OutOfMemory: p.s.odds(0.1)}}
	if p.s.odds(0.05) {
		d.Exit = forbidden
	}
	p.dieAs(after, d)
}

func (p *simProc) dieAs(after time.Duration, d *Death) {
	s := p.s
	s.at(after, func() {
		if !p.up {
			return
		}
		p.up = false
		had := s.startedIn(p)
		d.PID = p.w.pid
		for _, c := range p.running {
			p.stops(c)
		}
		d.Usage.User = p.worked
		p.running = map[uint32]*simCall{}
		was := s.k.state
		s.step(func(fx *effects) {
			s.k.exited(fx, p.w, d, s.now)
			s.exited(p, had, d, was)
		})
	})
}
