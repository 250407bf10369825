package legion

import (
	"context"
	"maps"
	"os"
	"reflect"
	"time"

	"github.com/legion-go/legion/internal/pool"
)

// Stats are the figures of a daemon. They can be encoded as JSON; the control
// socket and SIGUSR1 do it with durations in seconds.
type Stats struct {
	Name  string      `json:"name"`
	PID   int         `json:"pid"`
	State string      `json:"state"` // declared, starting, running, stopping, stopped
	Loop  LoopStats   `json:"loop"`
	Pools []PoolStats `json:"pools"` // in the order of declaration

	Healthy   bool   `json:"healthy"`             // see Daemon.Healthy
	Unhealthy string `json:"unhealthy,omitempty"` // why it is not

	User    string        `json:"user"`  // whom the daemon runs as, by name, or by number if it has none
	Group   string        `json:"group"` // likewise
	UID     int           `json:"uid"`   // the effective ones
	GID     int           `json:"gid"`
	Parent  int           `json:"parent"`   // process id of the parent
	LogFile string        `json:"log_file"` // Config.LogFile, from the root; "" if there is none
	Uptime  time.Duration `json:"uptime"`   // since Start has returned
	CPU     time.Duration `json:"cpu"`      // user and system time of the daemon's process
	Memory  MemoryStats   `json:"memory"`
	Load    [3]float64    `json:"load"` // the machine's load over 1, 5 and 15 minutes; 0 where it is not known
	Host    string        `json:"host"`

	Events  map[string]uint64 `json:"events"`  // how often each type of event was emitted
	Plugins map[string]any    `json:"plugins"` // what plugins add, by their names
	Extra   map[string]any    `json:"extra"`   // what handlers of *Stats events add
	Log     LogStats          `json:"log"`
}

// MemoryStats are about the resident memory of the daemon's process, in bytes; 0
// where it is not known.
type MemoryStats struct {
	Now     uint64 `json:"now"`
	Initial uint64 `json:"initial"` // at the end of Start
	Peak    uint64 `json:"peak"`
}

// LoopStats are the figures of the daemon's loop.
type LoopStats struct {
	Ticks    uint64        `json:"ticks"`    // calls of functions given to Every
	Missed   uint64        `json:"missed"`   // ticks left out because the loop was late
	Overruns uint64        `json:"overruns"` // ticks that took longer than their interval
	Panics   uint64        `json:"panics"`   // functions of the loop that panicked
	Pending  int           `json:"pending"`  // functions that wait for their turn
	LeftOut  uint64        `json:"left_out"` // events and signals left out because the loop was too slow for them
	Running  time.Duration `json:"running"`  // how long the function that runs now has been running; 0 if none does
	Busy     time.Duration `json:"busy"`     // how long functions have run, Running included
	Idle     time.Duration `json:"idle"`     // how long none has, since the loop began
}

// PoolStats are the figures of one pool since the start.
type PoolStats struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`   // worker, task, stream or loop
	State   string `json:"state"`  // running, paused, failed, stopping, stopped; the last two also after Supervisor.Stop
	Reason  string `json:"reason"` // why it has failed
	Min     int    `json:"min"`
	Max     int    `json:"max"`
	Ready   int    `json:"ready"`   // workers that serve, those whose own loop runs too
	Queued  int    `json:"queued"`  // calls that wait in the daemon
	Running int    `json:"running"` // calls in workers

	Calls    uint64 `json:"calls"`  // made
	OK       uint64 `json:"ok"`     // ended with a result
	Failed   uint64 `json:"failed"` // ended with an error of the function
	Panicked uint64 `json:"panicked"`
	Refused  uint64 `json:"refused"`
	TimedOut uint64 `json:"timed_out"`
	Canceled uint64 `json:"canceled"`
	Crashed  uint64 `json:"crashed"` // ended with the death of their worker
	Dropped  uint64 `json:"dropped"` // refused: queue full, pool failed, stopped
	Retried  uint64 `json:"retried"` // tried again

	Started  uint64 `json:"started"`  // worker processes started
	Recycled uint64 `json:"recycled"` // … that left in good order
	Restarts uint64 `json:"restarts"` // … that died unexpectedly
	Corrupt  uint64 `json:"corrupt"`  // … that broke the protocol

	LoopEvery time.Duration `json:"looptime"` // Pool.LoopEvery
	Forever   bool          `json:"forever"`  // Pool.OnExit is Restart

	LastDeath string        `json:"last_death"` // how the last unexpected one died
	Workers   []WorkerStats `json:"workers"`
	Funcs     []FuncStats   `json:"funcs"`
}

// WorkerStats are the figures of one worker process.
type WorkerStats struct {
	ID       uint64        `json:"id"`
	PID      int           `json:"pid"`
	State    string        `json:"state"`    // starting, ready, leaving, dying, killed, stuck
	Retiring string        `json:"retiring"` // why it is to be replaced
	Age      time.Duration `json:"age"`
	Calls    uint64        `json:"calls"` // ended
	Load     int           `json:"load"`  // calls in it now
	Call     string        `json:"call"`  // the function that runs; "" if it is idle
	For      time.Duration `json:"for"`
	Memory   uint64        `json:"memory"` // resident bytes of its own
	CPU      time.Duration `json:"cpu"`    // user and system time of the process
}

// FuncStats are the figures of one function. Latencies are from the call to its
// answer, percentiles exact to an eighth.
type FuncStats struct {
	Name   string        `json:"name"`
	Calls  uint64        `json:"calls"`
	Errors uint64        `json:"errors"`
	Mean   time.Duration `json:"mean"`
	P50    time.Duration `json:"p50"`
	P90    time.Duration `json:"p90"`
	P99    time.Duration `json:"p99"`
	Max    time.Duration `json:"max"`
}

// statsPatience is how long Stats waits for the loop to let handlers add to it.
const statsPatience = 100 * time.Millisecond

// Stats returns the figures of the daemon. Handlers of *Stats events are called
// with them, on the loop, and may add to Extra; if the loop is busy, it is not
// waited for longer than a tenth of a second.
func (d *Daemon) Stats() Stats {
	s := d.stats()
	s.Plugins = d.pluginStats()
	if !d.bus.Count(reflect.TypeFor[*Stats]()) {
		return s
	}
	if d.loop.OnLoop() {
		emitCounted(d.live, d, &s)
		return s
	}
	if s.Loop.Running > statsPatience { // it hangs, and is not to find all of these when it goes on
		return s
	}
	added := s // with maps of its own: the loop may come to it later than we wait
	added.Extra, added.Plugins, added.Events = map[string]any{}, maps.Clone(s.Plugins), maps.Clone(s.Events)
	ctx, done := context.WithTimeout(d.live, statsPatience)
	defer done()
	if d.onLoop(ctx, func() error {
		if ctx.Err() == nil {
			emitCounted(d.live, d, &added)
		}
		return ctx.Err()
	}) == nil {
		return added
	}
	return s
}

// stats is Stats without what plugins and handlers add: it waits for nobody.
func (d *Daemon) stats() Stats {
	s := d.figures()
	s.Memory.Now, s.Memory.Peak = residentMemory()
	s.Events = d.bus.Counts()
	s.Extra = map[string]any{}
	for _, p := range d.pools {
		s.Pools = append(s.Pools, p.stats())
	}
	return s
}

// figures are those of the daemon that cost little: no file is read for them, but one for the user's name, once.
func (d *Daemon) figures() Stats {
	s := Stats{Name: d.config.Name, PID: os.Getpid()}
	s.State = d.stateName()
	s.Unhealthy = d.unhealthy(true)
	s.Healthy = s.Unhealthy == ""
	d.processStats(&s)
	l := d.loop.Stats()
	s.Loop = LoopStats{Panics: d.panics.Load(), Pending: l.Pending, Running: l.Running, Busy: l.Busy, Idle: l.Idle}
	waiting, leftOut := d.turns.count()
	s.Loop.Pending, s.Loop.LeftOut = s.Loop.Pending+waiting, leftOut
	for _, t := range d.loops {
		ts := t.stats()
		s.Loop.Ticks += ts.Runs
		s.Loop.Missed += ts.Missed
		s.Loop.Overruns += ts.Overruns
	}
	s.Log = d.logStats()
	for _, c := range d.crons {
		s.Loop.Ticks += c.runs.Load()
		s.Loop.Missed += c.missed.Load()
	}
	return s
}

// summary are the figures of the pool as a whole, which cost little.
func (p *declaration) summary() pool.Summary {
	if running := p.running.Load(); running != nil {
		return running.Summary()
	}
	return pool.Summary{Name: p.name, State: pool.Ended, Min: p.opts.Min, Max: p.opts.Max, OnExit: pool.OnExit(p.opts.OnExit)}
}

func (p *declaration) stats() PoolStats {
	var in pool.Stats
	if running := p.running.Load(); running != nil {
		in = running.Stats()
	} else {
		in.Summary = p.summary()
	}
	s := PoolStats{
		Name: in.Name, Kind: p.kind(), State: in.State.String(), Reason: in.Reason, Min: in.Min, Max: in.Max,
		Ready: in.Serving, Queued: in.Queued, Running: in.Running,
		Calls: in.Calls, OK: in.OK, Failed: in.Failed, Panicked: in.Panicked, Refused: in.Refused,
		TimedOut: in.Timeout, Canceled: in.Canceled, Crashed: in.Crashed, Dropped: in.Dropped, Retried: in.Retried,
		Started: in.Started, Recycled: in.Recycled, Restarts: in.Deaths, Corrupt: in.Corrupt,
		LastDeath: in.LastDeath, LoopEvery: p.opts.LoopEvery, Forever: in.OnExit == pool.Restart,
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

// stateName says what the daemon does.
func (d *Daemon) stateName() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return [...]string{"declared", "starting", "running", "stopping", "stopped"}[d.state]
}
