package pool

import (
	"maps"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// Stats are the figures of a pool, its workers and its functions.
type Stats struct {
	Summary
	Workers    []status.WorkerStats
	Replays    []status.WorkerStats // processes that run calls of deaths again
	Funcs      []status.FuncStats
	StartTimes status.Histogram
	Busy, CPU  time.Duration
	DeathsBy   map[string]uint64
	LastDeath  string
	Seal       wire.Seal // of the worker that became ready last

	MemoryLimit uint64
}

func (k *core) stats(now time.Duration) Stats {
	s := Stats{
		Summary: k.summary(now), Seal: k.seal, StartTimes: k.starts.exact(), Busy: k.busyUntil(now), CPU: k.cpu,
		MemoryLimit: k.cfg.MemoryLimit, DeathsBy: maps.Clone(k.deathsBy),
	}
	for _, w := range k.workers {
		s.Workers = append(s.Workers, k.workerStats(w, now))
	}
	for i := range k.funcs {
		s.Funcs = append(s.Funcs, k.funcStats(i, now))
	}
	if k.last != nil {
		s.LastDeath = k.last.String()
	}
	return s
}

func (k *core) workerStats(w *worker, now time.Duration) status.WorkerStats {
	s := status.WorkerStats{
		ID: w.id, PID: w.pid, State: w.shown(), Retiring: w.retiring,
		Age: now - w.began, Calls: w.calls, Load: w.load, Memory: w.memory, CPU: w.cpu,
		Sealed: w.ready && k.cfg.Sealed,
	}
	if w.progress != nil {
		s.Running = append(s.Running, status.Running{Func: "loop", Progress: w.progress})
	}
	held := k.held(w)
	slices.Reverse(held) // the oldest first
	for _, c := range held {
		r := status.Running{Call: c.seq, Func: k.cfg.Funcs[c.Func], Progress: c.progress}
		if c.runs() {
			r.For = now - c.began
			if s.Call == "" || r.For > s.For {
				s.Call, s.For = r.Func, r.For
			}
		}
		s.Running = append(s.Running, r)
	}
	return s
}

func (k *core) funcStats(i int, now time.Duration) status.FuncStats {
	f := &k.funcs[i]
	took := f.duration.times()
	s := status.FuncStats{
		Name: k.cfg.Funcs[i], Outcomes: map[string]uint64{}, Deaths: f.toll.deaths, CPU: f.cpu,
		Mean: took.Mean, P50: took.P50, P90: took.P90, P99: took.P99, Max: took.Max,
		Wait: f.wait.times(), Run: f.run.times(),
		Duration: f.duration.exact(), Waiting: f.wait.exact(), Running: f.run.exact(),
	}
	s.Calls, s.Errors = f.calls()
	for kind, n := range f.ended {
		if n > 0 {
			s.Outcomes[Kind(kind).String()] += n
		}
	}
	if f.toll.spell > 0 {
		s.RetryAfter = f.toll.retryIn(now)
	}
	return s
}

// Stats returns all figures of the pool. It reads a file in /proc and a clock
// for each worker.
func (p *Pool) Stats() Stats {
	sizes := p.measure()
	p.mu.Lock()
	now := p.now()
	p.core.sized(sizes, now)
	s, replays := p.core.stats(now), p.replays
	p.mu.Unlock()
	s.Replays = replaying(replays, (*Pool).Stats)
	return s
}

// Glance returns the figures with memory and processor times as Stats has read
// them last: it reads nothing.
func (p *Pool) Glance() Stats {
	p.mu.Lock()
	s, replays := p.core.stats(p.now()), p.replays
	p.mu.Unlock()
	s.Replays = replaying(replays, (*Pool).Glance)
	return s
}

// size is what a worker takes of the machine.
type size struct {
	w      *worker
	memory uint64
	cpu    time.Duration // 0: unknown
}

// sized records what was measured.
func (k *core) sized(sizes []size, now time.Duration) {
	for _, s := range sizes {
		s.w.memory = s.memory
		k.share(s.w, s.cpu, now)
	}
}

// measure reads the size of every worker, without the lock.
func (p *Pool) measure() (sizes []size) {
	for _, m := range p.running() {
		s := size{w: m.w}
		s.memory, _ = m.proc.Memory()
		s.cpu, _ = m.cpu()
		sizes = append(sizes, s)
	}
	return sizes
}

// timed is a Process that knows its processor time. A goroutine that stands in
// for one does not.
type timed interface {
	CPU() (time.Duration, error)
}

// cpu returns the processor time of the process, if that is known.
func (m *member) cpu() (used time.Duration, ok bool) {
	if t, timed := m.proc.(timed); timed {
		used, err := t.CPU()
		return used, err == nil
	}
	return 0, false
}
