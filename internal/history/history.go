package history

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// limit is how many bytes the history of all pools may take.
const limit = 4 << 20

// History remembers how pools did. The zero History is empty.
type History struct {
	limit int // of bytes; 0 until the first tick

	// Used by Tick alone.
	last  time.Time      // up to when seconds have been counted: about the last tick
	sight uint64         // the second in which memory and processor times were read last; 0 for never
	took  pool.Durations // room for a difference

	mu      sync.Mutex
	pools   []*poolSeries // in the order in which they were seen first
	seconds uint64        // since the first tick
	lines   [len(tiers)]line
	planned int // for how many pools there is room
	past    past
}

// line is what the samples of all series have in common.
type line struct {
	length  int       // samples that are kept; fewer than in tiers if there are very many pools
	number  uint64    // samples so far
	end     time.Time // of the last one
	missing []bool
	lived   bool   // something was seen since the last one
	since   uint64 // the second of the last one in which something was seen
}

// kept is how many samples there are.
func (l *line) kept() uint64 { return min(l.number, uint64(l.length)) }

// poolSeries are the series of a pool and of its functions.
type poolSeries struct {
	series
	name  string
	names []string  // of the functions, in the order of declaration
	funcs []*series // in this order; nil if there is no room for them

	now pool.Measure // of the last tick; used by Tick alone
}

// begin makes the lines, unless there are some.
func (h *History) begin() {
	if h.limit == 0 {
		h.limit = limit
	}
	for i, t := range tiers {
		if l := &h.lines[i]; l.length == 0 {
			l.length, l.missing = t.length, make([]bool, t.length)
		}
	}
}

// Get returns the samples of a pool, or with a name of one of its functions,
// with a step of 1, 10 or 60 seconds. A pool that has not run has none. The
// error says what is wrong with the step.
func (h *History) Get(pool, fn string, step int) (status.History, error) {
	tier := slices.IndexFunc(tiers[:], func(t tier) bool { return t.step == step })
	if tier < 0 {
		return status.History{}, fmt.Errorf("%d is not a step: use 1, 10 or 60", step)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l := &h.lines[tier]
	all := status.History{Step: time.Duration(step) * time.Second, End: l.end, Samples: []status.Sample{}}
	var of *series
	if p := h.named(pool); p != nil {
		of = p.of(fn)
	} else if from, ok := h.past.of(pool, fn); ok {
		of = h.recalled(from)
	} else {
		return all, nil
	}
	if all.Folded = of == nil; all.Folded {
		return all, nil
	}
	for n := l.number - l.kept(); n < l.number; n++ {
		all.Samples = append(all.Samples, h.sample(of, tier, n))
	}
	return all, nil
}

// Last calls show with the sample of the last second of each pool, and of each
// function that has its own.
func (h *History) Last(show func(pool, fn string, s status.Sample)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.lines[0].number
	if n == 0 {
		return
	}
	for _, p := range h.pools {
		show(p.name, "", h.sample(&p.series, 0, n-1))
		for i, f := range p.funcs {
			show(p.name, p.names[i], h.sample(f, 0, n-1))
		}
	}
}

// sample returns the n-th sample of a tier.
func (h *History) sample(of *series, tier int, n uint64) (s status.Sample) {
	l := &h.lines[tier]
	at := n % uint64(l.length)
	if s.Missing = l.missing[at]; s.Missing {
		return s
	}
	if ring := of.records[tier]; ring != nil {
		ring[at].sample(&s, float64(tiers[tier].step))
	}
	if ring := of.states[tier]; ring != nil {
		ring[at].sample(&s)
	}
	return s
}

func (h *History) named(name string) *poolSeries {
	for _, p := range h.pools {
		if p.name == name {
			return p
		}
	}
	return nil
}

// of returns the series of a function, or with "" of the pool; nil if it has
// none.
func (p *poolSeries) of(fn string) *series {
	if fn == "" {
		return &p.series
	}
	if i := slices.Index(p.names, fn); i >= 0 && i < len(p.funcs) {
		return p.funcs[i]
	}
	return nil
}
