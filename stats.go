package legion

import (
	"context"
	"os"
	"reflect"
	"time"

	"github.com/legion-go/legion/internal/loop"
	"github.com/legion-go/legion/internal/pool"
)

// Stats are the figures of a daemon. They can be encoded as JSON.
type Stats struct {
	Name  string
	PID   int
	State string // declared, starting, running, stopping, stopped
	Loop  LoopStats
	Pools []PoolStats // in the order of declaration

	User   string        // whom the daemon runs as, by name, or by number if it has none
	Uptime time.Duration // since Start has returned
	CPU    time.Duration // user and system time of the daemon's process
	Memory MemoryStats
	Load   [3]float64 // the machine's load over 1, 5 and 15 minutes; 0 where it is not known
	Host   string

	Events  map[string]uint64 // how often each type of event was emitted
	Plugins map[string]any    // what plugins add, by their names
	Extra   map[string]any    // what handlers of *Stats events add
	Log     LogStats
}

// MemoryStats are about the resident memory of the daemon's process, in bytes; 0
// where it is not known.
type MemoryStats struct {
	Now, Initial, Peak uint64 // Initial is as of the end of Start
}

// LoopStats are the figures of the daemon's loop.
type LoopStats struct {
	Ticks    uint64        // calls of functions given to Every
	Missed   uint64        // ticks left out because the loop was late
	Overruns uint64        // ticks that took longer than their interval
	Panics   uint64        // functions of the loop that panicked
	Pending  int           // functions that wait for their turn
	Running  time.Duration // how long the function that runs now has been running; 0 if none does
}

// PoolStats are the figures of one pool since the start.
type PoolStats struct {
	Name     string
	State    string // running, paused, failed, stopping, stopped
	Reason   string // why it has failed
	Min, Max int
	Queued   int // calls that wait in the daemon
	Running  int // calls in workers

	Calls    uint64 // made
	OK       uint64 // ended with a result
	Failed   uint64 // ended with an error of the function
	Panicked uint64
	Refused  uint64
	TimedOut uint64
	Canceled uint64
	Crashed  uint64 // ended with the death of their worker
	Dropped  uint64 // refused: queue full, pool failed, stopped
	Retried  uint64 // tried again

	Started  uint64 // worker processes started
	Recycled uint64 // … that left in good order
	Restarts uint64 // … that died unexpectedly
	Corrupt  uint64 // … that broke the protocol

	LastDeath string // how the last unexpected one died
	Workers   []WorkerStats
	Funcs     []FuncStats
}

// WorkerStats are the figures of one worker process.
type WorkerStats struct {
	ID       uint64
	PID      int
	State    string // starting, ready, leaving, dying, killed, stuck
	Retiring string // why it is to be replaced
	Age      time.Duration
	Calls    uint64 // ended
	Load     int    // calls in it now
	Call     string // the function that runs; "" if it is idle
	For      time.Duration
	Memory   uint64 // resident bytes of its own
}

// FuncStats are the figures of one function. Latencies are from the call to its
// answer, percentiles exact to an eighth.
type FuncStats struct {
	Name                     string
	Calls, Errors            uint64
	Mean, P50, P90, P99, Max time.Duration
}

// statsPatience is how long Stats waits for the loop to let handlers add to it.
const statsPatience = 100 * time.Millisecond

// Stats returns the figures of the daemon. Handlers of *Stats events are called
// with them, on the loop, and may add to Extra; if the loop is busy, it is not
// waited for longer than a tenth of a second.
func (d *Daemon) Stats() Stats {
	s := d.stats()
	if !d.bus.Count(reflect.TypeFor[*Stats]()) {
		return s
	}
	if d.loop.OnLoop() {
		emitCounted(d.live, d, &s)
		return s
	}
	added := s // the loop may come to it later than we wait
	ctx, done := context.WithTimeout(d.live, statsPatience)
	defer done()
	if d.onLoop(ctx, func() error { emitCounted(d.live, d, &added); return nil }) == nil {
		return added
	}
	return s
}

func (d *Daemon) stats() Stats {
	s := Stats{Name: d.config.Name, PID: os.Getpid()}
	d.mu.Lock()
	s.State = [...]string{"declared", "starting", "running", "stopping", "stopped"}[d.state]
	var tickers []*loop.Ticker
	for _, l := range d.loops {
		if l.ticker != nil {
			tickers = append(tickers, l.ticker)
		}
	}
	d.mu.Unlock()
	d.processStats(&s)
	l := d.loop.Stats()
	s.Loop = LoopStats{Panics: d.panics.Load(), Pending: l.Pending, Running: l.Running}
	for _, t := range tickers {
		ts := t.Stats()
		s.Loop.Ticks += ts.Runs
		s.Loop.Missed += ts.Missed
		s.Loop.Overruns += ts.Overruns
	}
	s.Events = d.bus.Counts()
	s.Plugins = d.pluginStats()
	s.Extra = map[string]any{}
	s.Log = d.logStats()
	for _, c := range d.crons {
		s.Loop.Ticks += c.runs.Load()
		s.Loop.Missed += c.missed.Load()
	}
	for _, p := range d.pools {
		s.Pools = append(s.Pools, p.stats())
	}
	return s
}

func (p *declaration) stats() PoolStats {
	running := p.running.Load()
	if running == nil {
		return PoolStats{Name: p.name, State: "stopped", Min: p.opts.Min, Max: p.opts.Max}
	}
	in := running.Stats()
	s := PoolStats{
		Name: in.Name, State: in.State.String(), Reason: in.Reason, Min: in.Min, Max: in.Max,
		Queued: in.Queued, Running: in.Running,
		Calls: in.Calls, OK: in.OK, Failed: in.Failed, Panicked: in.Panicked, Refused: in.Refused,
		TimedOut: in.Timeout, Canceled: in.Canceled, Crashed: in.Crashed, Dropped: in.Dropped, Retried: in.Retried,
		Started: in.Started, Recycled: in.Recycled, Restarts: in.Deaths, Corrupt: in.Corrupt,
		LastDeath: in.LastDeath,
	}
	for _, w := range in.Workers {
		s.Workers = append(s.Workers, WorkerStats(w))
	}
	for _, f := range in.Funcs {
		s.Funcs = append(s.Funcs, funcStats(f))
	}
	return s
}

func funcStats(f pool.FuncStats) FuncStats {
	return FuncStats{
		Name: f.Name, Calls: f.Calls, Errors: f.Errors,
		Mean: f.Mean, P50: f.P50, P90: f.P90, P99: f.P99, Max: f.Latency.Max,
	}
}
