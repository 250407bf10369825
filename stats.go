package legion

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// statsPatience is how long Stats waits for the loop to let handlers add to it.
const statsPatience = 100 * time.Millisecond

// Stats returns the daemon's statistics. Handlers of *status.Stats events are
// called with them, on the loop, and may add to Extra; Stats waits for a busy
// loop for at most a tenth of a second.
func (d *Daemon) Stats() status.Stats {
	s := d.stats()
	s.Plugins = d.plugins.Stats()
	if !d.events.bus.Count(reflect.TypeFor[*status.Stats]()) {
		return s
	}
	if d.loop.OnLoop() {
		emitCounted(d.life.Live(), d, &s)
		return s
	}
	if s.Loop.Running > statsPatience { // it hangs, and should not find all of these when it continues
		return s
	}
	added := s // with maps of its own: the loop may write to it after the wait
	added.Extra, added.Plugins, added.Events = map[string]any{}, maps.Clone(s.Plugins), maps.Clone(s.Events)
	ctx, done := context.WithTimeout(d.life.Live(), statsPatience)
	defer done()
	if d.onLoop(ctx, func() error {
		if ctx.Err() == nil {
			emitCounted(d.life.Live(), d, &added)
		}
		return ctx.Err()
	}) == nil {
		return added
	}
	return s
}

// stats is Stats without the additions of plugins and handlers: it does not
// wait.
func (d *Daemon) stats() status.Stats {
	s := d.figures()
	s.Memory.Now, s.Memory.Peak = host.Memory()
	s.Events = methods.EventCounts(d.events.bus.Topics())
	s.Extra = map[string]any{}
	s.Pools = d.poolStats((*pool.Pool).Stats)
	return s
}

// poolStats returns the figures of all pools, as of gets them of one that runs.
func (d *Daemon) poolStats(of func(*pool.Pool) pool.Stats) (all []status.PoolStats) {
	for _, p := range d.declared.pools {
		all = append(all, p.statsBy(of))
	}
	return all
}

// figures returns the daemon's statistics that cost little: it reads no file,
// except one for the user's name, once.
func (d *Daemon) figures() status.Stats {
	s := status.Stats{Name: d.config.Name, PID: os.Getpid(), Version: d.version(), Crons: []status.Cron{}}
	_, s.Legion = buildVersions()
	s.State = d.life.State().String()
	s.Unhealthy = d.unhealthy(true)
	s.Healthy = s.Unhealthy == ""
	methods.Surroundings(&s, d.life.Started(), d.place.memoryAtStart)
	s.LogFile = d.logPath()
	l := d.loop.Stats()
	s.Loop = status.LoopStats{Panics: d.events.panics.Load(), Pending: l.Pending, Running: l.Running, Busy: l.Busy, Idle: l.Idle}
	waiting, leftOut := d.turns.Count()
	s.Loop.Pending, s.Loop.LeftOut = s.Loop.Pending+waiting, leftOut
	for _, t := range d.declared.loops {
		ts := t.ticker.Stats()
		s.Loop.Ticks += ts.Runs
		s.Loop.Missed += ts.Missed
		s.Loop.Overruns += ts.Overruns
	}
	for _, v := range d.declared.shared.Stats() {
		s.Shared = append(s.Shared, status.Shared(v))
	}
	s.Log, s.Control, s.Changes = d.log.Stats(), d.control.Stats(), methods.Changes(d.succession.changes)
	for _, c := range d.declared.crons {
		f := c.Figures()
		s.Loop.Ticks += f.Runs
		s.Loop.Missed += f.Missed
		s.Crons = append(s.Crons, c.status())
	}
	return s
}

// summary returns the statistics of the pool as a whole, which cost little.
func (p *declaredPool) summary() pool.Summary {
	if running := p.running.Load(); running != nil {
		return running.Summary()
	}
	return pool.Summary{Name: p.name, State: pool.StateStopped, Min: p.opts.Min, Max: p.opts.Max, OnExit: p.opts.OnExit}
}

func (p *declaredPool) stats() status.PoolStats { return p.statsBy((*pool.Pool).Stats) }

func (p *declaredPool) statsBy(of func(*pool.Pool) pool.Stats) status.PoolStats {
	in := pool.Stats{Summary: p.summary()}
	if running := p.running.Load(); running != nil {
		in = of(running)
	}
	s := in.Status()
	s.Kind, s.LoopEvery = p.kind(), p.opts.LoopEvery
	s.Sandbox = p.confinement(in.Seal)
	return s
}

// logPath is the absolute path of Config.LogFile.
func (d *Daemon) logPath() string {
	d.mu.Lock()
	path := d.config.LogFile
	d.mu.Unlock()
	if abs, err := filepath.Abs(path); path != "" && err == nil {
		return abs
	}
	return path
}
