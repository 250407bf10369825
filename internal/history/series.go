package history

import (
	"time"

	"github.com/legion-go/legion/internal/pool"
)

// tier is one of the resolutions.
type tier struct {
	step   int // seconds
	length int // samples
}

// tiers are five minutes, an hour and a day.
var tiers = [3]tier{{1, 300}, {10, 360}, {60, 1440}}

// series are the samples of a pool, or of a function. Its rings are made when
// there is something to be kept.
type series struct {
	records [len(tiers)][]record
	states  [len(tiers)][]state // of a pool

	// Used by History.Tick alone.
	seen   [len(tiers)]seen
	peak   [len(tiers)]state // of a pool, since the last sample
	deaths [len(tiers)]uint64
	cpu    time.Duration // at the last look
	rate   time.Duration // in a second, before the last look
}

// seen are the counts at the end of a tier's last sample. Those of buckets wrap
// around.
type seen struct {
	calls, errors uint64
	cpu           time.Duration
	took          [len(pool.Durations{})]uint32
}

// put stores v in the place of ring for the sample of that number.
func put[T comparable](ring *[]T, length int, number uint64, v T) {
	var none T
	if *ring == nil {
		if v == none {
			return
		}
		*ring = make([]T, length)
	}
	(*ring)[number%uint64(length)] = v
}

// since returns how a function has gone on since the tier's last sample, and
// moves s there. took is room for the result.
func (s *seen) since(now *pool.FuncMeasure, took *pool.Durations) counts {
	if now.Calls < s.calls { // the pool is another one
		*s = seen{}
	}
	c := counts{calls: now.Calls - s.calls, errors: now.Errors - s.errors, cpu: max(now.CPU-s.cpu, 0)}
	s.calls, s.errors, s.cpu = now.Calls, now.Errors, now.CPU
	if c.calls == 0 {
		return c
	}
	for i, n := range &now.Took {
		took[i] = uint64(uint32(n) - s.took[i])
		s.took[i] = uint32(n)
	}
	c.took = took
	return c
}

// look notes the processor time that has been used in all.
func (s *series) look(cpu time.Duration, seconds uint64) {
	s.rate = max(cpu-s.cpu, 0) / time.Duration(max(seconds, 1))
	s.cpu = cpu
}

// see notes the state of the pool in this second.
func (p *poolSeries) see() {
	m := &p.now
	now := state{
		queued: squeeze16(uint64(m.Queued)), running: squeeze16(uint64(m.Running)), workers: squeeze16(uint64(m.Workers)),
		memory: squeeze16(m.Memory >> 10), oldest: squeeze8(uint64(m.OldestWait / time.Microsecond)),
	}
	for i := range p.peak {
		t := &p.peak[i]
		t.queued, t.running, t.workers = max(t.queued, now.queued), max(t.running, now.running), max(t.workers, now.workers)
		t.memory, t.oldest = max(t.memory, now.memory), max(t.oldest, now.oldest)
	}
}

// state returns the greatest values since the tier's last sample.
func (p *poolSeries) state(tier int) state {
	t := p.peak[tier]
	if died := p.now.Deaths; died > p.deaths[tier] {
		t.deaths = squeeze8(died - p.deaths[tier])
	}
	p.peak[tier], p.deaths[tier] = state{}, p.now.Deaths
	return t
}
