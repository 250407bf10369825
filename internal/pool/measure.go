package pool

import "time"

// Measure is what the history of a pool is made from: counts since its start,
// and its state now. It is filled by [Pool.Measure], again and again.
type Measure struct {
	Queued, Running, Workers int
	OldestWait               time.Duration
	Memory                   uint64
	Deaths                   uint64
	All                      FuncMeasure   // of all functions
	Names                    []string      // of the functions, in the order of declaration
	Funcs                    []FuncMeasure // of each, if they are wanted
}

// FuncMeasure are counts of the calls of a function.
type FuncMeasure struct {
	Calls, Errors uint64
	CPU           time.Duration
	Took          Durations // of calls, to their answer
}

// Durations counts durations in buckets that an eighth of their power of two is
// wide, and divided at status.Bounds.
type Durations [cells + bounds]uint64

// Top is the largest duration in a bucket.
func (d *Durations) Top(i int) time.Duration { return tops[i] }

// Bound is the place of a bucket among status.Bounds; after all of them for
// what is above.
func (d *Durations) Bound(i int) int { return within[i] }

// Measure fills m, which it has filled before or is empty; funcs says whether
// the functions are wanted one by one. look says whether to read memory and
// processor times, in two files for each worker; without it they are those of
// the last time.
func (p *Pool) Measure(m *Measure, funcs, look bool) {
	var sizes []size
	if look {
		sizes = p.measure()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k, now := p.core, p.now()
	k.sized(sizes, now)
	m.Queued, m.Running, m.Workers = k.queue.len, k.live-k.queue.len, len(k.workers)
	m.OldestWait, m.Deaths, m.Memory = k.oldestWait(now), k.counts.Deaths, 0
	for _, w := range k.workers {
		m.Memory += w.memory
	}
	if !funcs {
		m.Funcs = nil
	} else if m.Funcs == nil {
		m.Funcs = make([]FuncMeasure, len(k.funcs))
	}
	m.Names = k.cfg.Funcs
	before := m.All.Calls
	m.All.CPU, m.All.Calls, m.All.Errors = k.cpu, 0, 0
	for i := range k.funcs {
		f := &k.funcs[i]
		f.slow.turn(now)
		calls, errors := f.calls()
		m.All.Calls += calls
		m.All.Errors += errors
		if !funcs {
			continue
		}
		to := &m.Funcs[i]
		if to.CPU = f.cpu; calls != to.Calls { // the buckets are large
			to.Calls, to.Errors, to.Took = calls, errors, f.duration.buckets
		}
	}
	if m.All.Calls == before {
		return
	}
	m.All.Took = Durations{}
	for i := range k.funcs {
		for j, n := range &k.funcs[i].duration.buckets {
			m.All.Took[j] += n
		}
	}
}

// Name returns Config.Name.
func (p *Pool) Name() string { return p.core.cfg.Name }
