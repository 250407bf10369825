package pool

// Checks of the spares of a pool whose processes serve one call each.

// unused reports whether p has had no call yet, and may get one.
func (p *simProc) unused() bool {
	return p.stopped == 0 && p.quit == 0 && p.killed == 0 && p.answers == 0 && p.w.load == 0
}

// spares returns how many processes can get a call, and how many of those are
// ready.
func (s *sim) spares() (all, ready int) {
	for _, w := range s.k.workers {
		if p := s.procs[w]; p != nil && p.unused() && !p.paused {
			all++
			if p.readyAt != 0 {
				ready++
			}
		}
	}
	return
}

// counting reports whether the pool is to count on another call soon.
func (s *sim) counting() bool {
	idle := s.k.cfg.IdleTimeout
	return s.lastCall != 0 && (idle == 0 || s.now < s.lastCall+idle)
}

// checkStart looks for the reason of a start: calls that wait, or spares.
func (s *sim) checkStart() {
	k := s.k
	all, ready := s.spares()
	forCalls := k.queue.len > all-ready
	forSpares := k.state == StateRunning && k.queue.len == 0 && s.counting() && all < k.cfg.Spare
	if k.cfg.Fresh && !forCalls && !forSpares {
		broken("a process is started for nothing: %d calls wait, there are %d processes without a call, %d of them ready: %s", k.queue.len, all, ready, s.describe())
	}
}

// mayGo reports whether p, which is told to leave, is a spare too many.
func (s *sim) mayGo(p *simProc) bool {
	_, ready := s.spares()
	return s.k.cfg.Fresh && p.answers == 0 && p.w.load == 0 &&
		(s.rolling || s.k.state == StatePaused || !s.counting() || ready > s.k.cfg.Spare && !p.paused)
}

// checkSpares looks, after the supervisor has looked, for spares that are
// missing or should have gone.
func (s *sim) checkSpares(starting int) {
	k := s.k
	if !k.cfg.Fresh {
		return
	}
	all, ready := s.spares()
	switch want := k.cfg.Spare; {
	case ready > want:
		broken("%d spares are ready, not %d", ready, want)
	case k.state == StateRunning && k.queue.len == 0 && s.counting() && s.now > s.notAfter && starting == 0 && len(k.workers) < k.cfg.Max && all < want:
		broken("%d spares are there, not %d: %s", all, want, s.describe())
	}
	for _, w := range k.workers {
		p := s.procs[w]
		if p.unused() && p.readyAt != 0 && (k.state == StatePaused || !s.counting()) {
			broken("spare %d stays although the pool is %v, and the last call came %v ago", w.id, k.state, s.now-s.lastCall)
		}
	}
}

// recycle is an operator's. No spare that was there before gets a call after
// it.
func (s *sim) recycle() {
	var old []*simProc
	for _, w := range s.k.workers {
		if p := s.procs[w]; s.k.cfg.Fresh && p.unused() {
			old = append(old, p)
		}
	}
	s.rolling = true
	s.pardon()
	s.step(func(fx *effects) { s.k.recycle(fx, s.now) })
	s.rolling = false
	for _, p := range old {
		if p.unused() {
			broken("spare %d has outlived a recycle", p.w.id)
		}
	}
}
