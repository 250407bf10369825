package history

import (
	"time"

	"github.com/legion-go/legion/internal/pool"
)

// Machine is a *pool.Pool.
type Machine interface {
	Name() string
	Measure(m *pool.Measure, funcs, look bool)
}

// sightEvery is how often memory and processor times are read, in seconds, for
// up to sightMost workers, and so much more seldom the more there are: it takes
// two files for each.
const (
	sightEvery = 10
	sightMost  = 100
)

// Tick ends a second, the first one or the one after the last. What lies
// between that and now, if it is more, is missing: the machine slept, or the
// daemon stood still. Only one goroutine may call it.
func (h *History) Tick(now time.Time, all []Machine) {
	steps := h.elapsed(now)
	if steps == 0 {
		return
	}
	h.mu.Lock()
	h.begin()
	h.mu.Unlock()
	look, unseen := h.mayLook(steps), steps
	if h.sight > 0 {
		unseen = h.seconds + steps - h.sight
	}
	for _, m := range all {
		p := h.seen(m.Name())
		m.Measure(&p.now, p.funcs != nil, look)
		if look {
			p.looked(unseen)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if look {
		h.sight = h.seconds + steps
	}
	for left := steps; left > 0; left-- {
		if left == 1 {
			for _, p := range h.pools {
				p.see()
			}
		}
		h.second(now.Add(-time.Duration(left-1)*time.Second), left == 1)
	}
	h.makeRoom()
	h.forget()
}

// elapsed returns how many seconds are over, by the clock on the wall: the
// other one stands still while the machine sleeps. A tick that comes late does
// not make the next second longer: if two were over, the next tick, which comes
// soon after, ends none. Otherwise each late tick would move all samples before
// it into the past.
func (h *History) elapsed(now time.Time) (seconds uint64) {
	now = now.Round(0)
	late := now.Sub(h.last)
	away := late.Round(time.Second)
	switch {
	case h.last.IsZero(), away < 0: // the first tick, or somebody has set the clock
		h.last = now
		return 1
	case away > 24*time.Hour:
		h.last = now
		return uint64(24 * time.Hour / time.Second)
	case away > 0:
		h.last = h.last.Add(away + (late-away)/8) // towards the time at which ticks use to come
	}
	return uint64(away / time.Second)
}

// mayLook reports whether memory and processor times are due.
func (h *History) mayLook(steps uint64) bool {
	workers := 0
	for _, p := range h.pools {
		workers += p.now.Workers
	}
	return h.sight == 0 || h.seconds+steps-h.sight >= uint64(sightEvery*(1+workers/sightMost))
}

// seen returns the series of a pool, which may be new.
func (h *History) seen(name string) *poolSeries {
	p := h.named(name) // no other goroutine adds one
	if p == nil {
		h.mu.Lock()
		from, _ := h.past.of(name, "")
		p = &poolSeries{name: name, series: *h.recalled(from)}
		h.pools = append(h.pools, p)
		h.mu.Unlock()
	}
	return p
}

// looked finds out the processors used since the last look, so many seconds
// ago.
func (p *poolSeries) looked(seconds uint64) {
	p.look(p.now.All.CPU, seconds)
	for i, f := range p.funcs {
		f.look(p.now.Funcs[i].CPU, seconds)
	}
}

// second ends a second in all tiers.
func (h *History) second(at time.Time, lived bool) {
	h.seconds++
	for i := range h.lines {
		l := &h.lines[i]
		l.lived = l.lived || lived
		if h.seconds%uint64(tiers[i].step) == 0 {
			l.end = at
			h.sampled(i, l)
		}
	}
}

// sampled ends a step of a tier.
func (h *History) sampled(tier int, l *line) {
	span := h.seconds - l.since
	for _, p := range h.pools {
		var t state
		if l.lived {
			t = p.state(tier)
		}
		put(&p.states[tier], l.length, l.number, t)
		h.record(&p.series, &p.now.All, tier, l, span)
		for i, f := range p.funcs {
			h.record(f, &p.now.Funcs[i], tier, l, span)
		}
	}
	l.missing[l.number%uint64(l.length)] = !l.lived
	l.number++
	if l.lived {
		l.since, l.lived = h.seconds, false
	}
}

// record keeps what came of calls since the last sample of s in which something
// was seen, span seconds ago. If that is more than a step, it is a part of it.
func (h *History) record(s *series, now *pool.FuncMeasure, tier int, l *line, span uint64) {
	var r record
	if step := uint64(tiers[tier].step); l.lived {
		c := s.seen[tier].since(now, &h.took)
		c.calls, c.errors, c.cpu = c.calls*step/span, c.errors*step/span, c.cpu*time.Duration(step)/time.Duration(span)
		if step <= sightEvery {
			c.cpu = s.rate * time.Duration(step) // it is read more seldom
		}
		r = c.record()
	}
	put(&s.records[tier], l.length, l.number, r)
}
