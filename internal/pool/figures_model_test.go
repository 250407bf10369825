package pool

import (
	"time"

	"github.com/legion-go/legion/status"
)

// What the model knows of times: when processes really began calls.

// frameTime is the longest way of a frame in this world.
const frameTime = 4 * time.Microsecond

// began notes that p begins c.
func (p *simProc) began(c *simCall) {
	c.begun = p.s.now
	p.s.vague = p.s.vague || c.inQueue.in // one frame has overtaken another
}

// stops notes that c no longer runs in p.
func (p *simProc) stops(c *simCall) {
	took := p.s.now - c.begun
	c.really += took
	c.attempts++
	c.vague = c.vague || p.gaveBack
	p.s.vague = p.s.vague || p.gaveBack
	p.worked += took
	p.s.worked[c.Func] += took
}

// used is the processor time of p: each of its calls takes all of a processor.
func (p *simProc) used() time.Duration {
	used := p.worked
	for _, c := range p.running {
		used += p.s.now - c.begun
	}
	return used
}

// checkLine looks at which calls of w run, as the core sees it.
func (s *sim) checkLine(w *worker) {
	k, runs := s.k, 0
	for _, c := range w.slots {
		if c == nil || !c.runs() {
			continue
		}
		if runs++; c.began < c.given || c.began > s.now {
			broken("a call that worker %d got at %v began at %v", w.id, c.given, c.began)
		}
	}
	for c := w.line.head; c != nil; c = c.inQueue.next {
		if c.worker != w || c.state != callAssigned {
			broken("a call that worker %d does not have stands in its line", w.id)
		}
	}
	if want := min(w.load, k.cfg.Concurrency); runs != want || w.line.len != w.load-want {
		broken("%d calls of worker %d run and %d wait, of %d", runs, w.id, w.line.len, w.load)
	}
}

// checkTimes looks at the times of a call that has ended.
func (s *sim) checkTimes(c *simCall) {
	really, attempts := c.really, c.attempts
	if p := c.in; p != nil && p.running[c.id] == c { // it was given up
		s.vague = true // the processor time that it goes on to use is nobody's
		really += s.now - c.begun
		attempts++
	}
	told, slack := c.Call.ran, time.Duration(attempts)*frameTime+s.jumped
	if told < 0 || told > c.Elapsed || c.cpu < 0 {
		broken("of %v a call is said to have run for %v, and used %v", c.Elapsed, told, c.cpu)
	}
	// Over a socket, a call that was sent counts as started. Of several that run
	// the youngest may be the wrong one. And if one frame has overtaken another,
	// and the call of that one is taken back, nobody says what has run meanwhile.
	if s.socket || s.k.cfg.Concurrency > 1 || c.vague {
		return
	}
	if told > really+slack || told < really-slack {
		broken("a call that has run %d times for %v is said to have run for %v", attempts, really, told)
	}
}

// checkFigures looks at the sums, in the midst of things.
func (s *sim) checkFigures() {
	k := s.k
	for _, w := range k.workers {
		if p := s.procs[w]; p.up {
			k.look(w, s.now)
		}
	}
	f := k.stats(s.now)
	if f.Busy < s.busy || f.CPU < s.cpu || f.Busy < k.busy {
		broken("the counters went back: %v busy after %v, %v of processor time after %v", f.Busy, s.busy, f.CPU, s.cpu)
	}
	s.busy, s.cpu = f.Busy, f.CPU
	var recycled, ended, waits uint64
	for _, n := range f.RecycledBy {
		recycled += n
	}
	if recycled != f.Recycled {
		broken("%d workers were recycled, and by reason %v", f.Recycled, f.RecycledBy)
	}
	for i, fs := range f.Funcs {
		for outcome, n := range fs.Outcomes {
			if ended += n; !contains(status.Outcomes, outcome) {
				broken("%d calls have the outcome %q", n, outcome)
			}
		}
		waits += k.funcs[i].wait.count()
		if fs.CPU < s.used[i] {
			broken("the processor time of function %d went back", i)
		}
		s.used[i] = fs.CPU
	}
	if open := uint64(k.live); f.Calls-open != ended || waits > ended {
		broken("%d calls were made, %d are open, %d have an outcome, %d have waited", f.Calls, open, ended, waits)
	}
	for _, w := range f.Workers {
		if len(w.Running) != w.Load || w.Load > 0 && w.Call == "" {
			broken("worker %d runs %q for %v and has %+v", w.ID, w.Call, w.For, w.Running)
		}
	}
	if oldest, at := time.Duration(0), s.now; f.Oldest != 0 {
		for _, c := range s.calls {
			if c.over == 0 && !c.runs() {
				at = min(at, c.at)
				oldest = s.now - at
			}
		}
		if f.Oldest > oldest {
			broken("the oldest call waits since %v, not %v", oldest, f.Oldest)
		}
	}
}

// checkSums looks at the sums when all is over.
func (s *sim) checkSums() {
	s.checkFigures()
	var in uint64
	var ran, attempts time.Duration
	for _, c := range s.calls {
		if ran += c.Call.ran; c.Call.began != 0 {
			in += uint64(c.size)
		}
		attempts += time.Duration(c.attempts)
	}
	k := s.k
	if k.counts.In != in || k.busy != ran || k.funcs[0].run.sum+k.funcs[1].run.sum != ran {
		broken("%d bytes of arguments, not %d; busy for %v, not %v", k.counts.In, in, k.busy, ran)
	}
	used := time.Duration(0)
	for i := range k.funcs {
		cpu, want := k.funcs[i].cpu, s.worked[i]
		used += want
		if slack := attempts*2*(frameTime+s.jumped) + 10; !s.socket && k.cfg.Concurrency == 1 && !s.vague && (cpu > want+slack || cpu < want-slack) {
			broken("function %d has used %v of processor time, and %v are told", i, want, cpu)
		}
	}
	if k.cpu != used {
		broken("the workers have used %v of processor time, and %v are told", used, k.cpu)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
