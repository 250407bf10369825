package legion

import (
	"cmp"
	"math"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// option describes a field of Pool beyond its doc comment.
type option struct {
	name     string
	live     bool                     // it can be changed while the pool runs
	negative bool                     // it may be negative
	least    time.Duration            // the least duration other than 0; 0 means leastPatience
	fill     func(p *Pool)            // fills in the default
	bounds   func(p *Pool, c *checks) // complains, when all defaults are filled in
}

const (
	maxWorkers     = 4096
	maxProcs       = 1024
	minMemoryLimit = 32 << 20
	minBuffer      = 64 << 10
	maxBuffer      = 1 << 30
)

// options has an entry for each field of Pool, in their order. A new option
// needs a field, an entry, and a field of the same name in pool.Config, where
// the core uses it. Options that are not live are given to a worker at its
// start, or say where calls go.
var options = []option{
	{name: "Min", live: true,
		fill: func(p *Pool) {
			if p.Min == 0 && p.Spawn != Lazy {
				p.Min = 1
			}
		},
		bounds: func(p *Pool, c *checks) {
			c.agree(p.Min <= p.Max, "Min", "Max", "is %d and Pool.Max %d: Min must not be larger", p.Min, p.Max)
		}},
	{name: "Max", live: true,
		fill: func(p *Pool) { p.Max = cmp.Or(p.Max, max(runtime.NumCPU(), min(p.Min, maxWorkers), 1)) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.Max <= maxWorkers, "Max", "is %d: at most %d workers", p.Max, maxWorkers)
		}},
	{name: "Spawn",
		fill: func(p *Pool) {
			if p.Spawn == Eager {
				p.Min = p.Max
			}
		},
		bounds: func(p *Pool, c *checks) {
			c.that(p.Spawn >= Mixed && p.Spawn <= Eager, "Spawn", "is %d: use Mixed, Lazy or Eager", int(p.Spawn))
		}},
	{name: "IdleTimeout", live: true, negative: true,
		fill: func(p *Pool) { p.IdleTimeout = cmp.Or(p.IdleTimeout, time.Minute) }},
	{name: "Timeout", live: true},
	{name: "KillGrace", live: true,
		fill: func(p *Pool) { p.KillGrace = cmp.Or(p.KillGrace, 500*time.Millisecond) }},
	{name: "Queue", live: true,
		fill: func(p *Pool) { p.Queue = cmp.Or(p.Queue, 1024) }},
	{name: "Concurrency",
		fill: func(p *Pool) { p.Concurrency = cmp.Or(p.Concurrency, 1) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.Concurrency <= 128, "Concurrency", "is %d: at most 128", p.Concurrency)
		}},
	{name: "Retry", live: true},
	{name: "MaxCalls", live: true},
	{name: "MaxAge", live: true},
	{name: "MinAge", live: true,
		bounds: func(p *Pool, c *checks) {
			c.agree(p.MaxAge == 0 || p.MinAge <= p.MaxAge, "MinAge", "MaxAge", "is %v and Pool.MaxAge %v: MinAge must not be larger", p.MinAge, p.MaxAge)
		}},
	{name: "MaxMemory", live: true,
		bounds: func(p *Pool, c *checks) {
			c.agree(p.MaxMemory == 0 || p.MemoryLimit == 0 || p.MaxMemory <= p.MemoryLimit, "MaxMemory", "MemoryLimit",
				"which recycles, is larger than Pool.MemoryLimit, which kills")
		}},
	{name: "MemoryLimit",
		bounds: func(p *Pool, c *checks) {
			c.that(p.MemoryLimit == 0 || p.MemoryLimit >= minMemoryLimit, "MemoryLimit", "is %d bytes: the Go runtime alone needs more; use at least %d", p.MemoryLimit, minMemoryLimit)
			c.that(p.MemoryLimit <= proc.MaxLimit, "MemoryLimit", "is %d bytes, more than possible: use 0 for no limit", p.MemoryLimit)
		}},
	{name: "Procs",
		fill: func(p *Pool) { p.Procs = cmp.Or(p.Procs, min(p.Concurrency, runtime.NumCPU())) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.Procs <= maxProcs, "Procs", "is %d: at most %d", p.Procs, maxProcs)
		}},
	{name: "Nice", negative: true},
	{name: "Files"}, {name: "CPU"}, {name: "Threads"}, {name: "FileSize"}, {name: "NoCore"},
	{name: "OOMScore", negative: true}, {name: "User"},
	{name: "Env", fill: func(p *Pool) { p.Env = slices.Clone(p.Env) }},
	{name: "Dir"},
	{name: "BootTimeout", live: true,
		fill: func(p *Pool) { p.BootTimeout = cmp.Or(p.BootTimeout, 10*time.Second) }},
	{name: "Heartbeat", live: true, negative: true,
		fill: func(p *Pool) { p.Heartbeat = cmp.Or(p.Heartbeat, 10*time.Second) }},
	{name: "MaxRestarts", live: true, negative: true,
		fill: func(p *Pool) { p.MaxRestarts = cmp.Or(p.MaxRestarts, 600) }},
	{name: "RestartWindow", live: true,
		fill: func(p *Pool) { p.RestartWindow = cmp.Or(p.RestartWindow, time.Minute) }},
	{name: "CrashBudget", live: true, negative: true}, // the default depends on the number of functions: pool.Config
	{name: "Transport",
		fill: func(p *Pool) {
			if p.Transport == DefaultTransport {
				p.Transport = link.Default()
			}
		},
		bounds: func(p *Pool, c *checks) {
			c.that(p.Transport >= SharedMemory && p.Transport <= Socket, "Transport", "is %d: use SharedMemory or Socket", int(p.Transport))
		}},
	{name: "Buffer",
		fill: func(p *Pool) { p.Buffer = cmp.Or(p.Buffer, 1<<20) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.Buffer >= minBuffer && p.Buffer <= maxBuffer, "Buffer", "is %d bytes: use 64 KiB to 1 GiB", p.Buffer)
		}},
	{name: "Arena", negative: true,
		fill: func(p *Pool) { p.Arena = cmp.Or(p.Arena, 256<<20) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.Arena < 0 || p.Arena >= minBuffer && int64(p.Arena) <= 64<<30, "Arena", "is %d bytes: use 64 KiB to 64 GiB, or a negative number for none", p.Arena)
		}},
	{name: "MaxPayload",
		fill: func(p *Pool) { p.MaxPayload = cmp.Or(p.MaxPayload, wire.MaxPayload) },
		bounds: func(p *Pool, c *checks) {
			c.that(p.MaxPayload <= math.MaxInt32, "MaxPayload", "is %d bytes: at most 2 GiB - 1", p.MaxPayload)
		}},
	{name: "KeepArgument", live: true,
		bounds: func(p *Pool, c *checks) {
			c.that(p.KeepArgument <= 8<<20, "KeepArgument", "is %d bytes: at most 8 MiB", p.KeepArgument)
		}},
	{name: "Recorder",
		fill: func(p *Pool) { p.Recorder = recorder.Filled(p.Recorder) },
		bounds: func(p *Pool, c *checks) {
			field, problem := recorder.Mistake(p.Recorder)
			c.that(field == "", "Recorder."+field, "%s", problem)
		}},
	{name: "Sandbox",
		fill:   func(p *Pool) { p.Sandbox = p.Sandbox.Clone() },
		bounds: (*Pool).boundSandbox},
	{name: "LoopEvery", least: leastInterval},
	{name: "OnExit", live: true,
		bounds: func(p *Pool, c *checks) {
			c.that(p.OnExit >= Restart && p.OnExit <= Ignore, "OnExit", "is %d: use Restart, StopDaemon or Ignore", int(p.OnExit))
		}},
	{name: "OnReturn"}, {name: "OnDied"}, {name: "OnTimeout"}, {name: "OnEnd"},
}

// resolve checks p and fills in the defaults.
func (p *Pool) resolve() error {
	c := checks{of: "Pool"}
	value := reflect.ValueOf(*p)
	for _, o := range options {
		o.sign(value.FieldByName(o.name), &c)
	}
	if err := c.err(); err != nil {
		return err
	}
	p.fill()
	for _, o := range options {
		if o.bounds != nil {
			o.bounds(p, &c)
		}
	}
	p.boundLimits(&c)
	return c.err()
}

// fill fills in the defaults.
func (p *Pool) fill() {
	for i := range options {
		if fill := options[i].fill; fill != nil {
			fill(p)
		}
	}
}

// sign checks a value before defaults are filled in.
func (o *option) sign(v reflect.Value, c *checks) {
	if !v.CanInt() {
		return
	}
	if _, named := v.Interface().(interface{ MarshalText() ([]byte, error) }); named {
		return
	}
	d, timed := v.Interface().(time.Duration)
	switch least := cmp.Or(o.least, leastPatience); {
	case timed && o.negative:
		c.unit(o.name, d, least)
	case timed:
		c.duration(o.name, d, least)
	case !o.negative:
		c.natural(o.name, v.Int())
	}
}

// live reports whether a field of Pool can be changed while the pool runs.
func live(field string) bool {
	return slices.ContainsFunc(options, func(o option) bool { return o.name == field && o.live })
}

// core returns the supervisor's configuration for resolved options: the fields
// of the same name, and those of the declaration and the program.
func (p *declaredPool) core(opts Pool) pool.Config {
	cfg := pool.Config{
		Name: p.name, Fresh: p.fresh, Spare: p.spare, Looping: p.loops, Sealed: opts.Sandbox != nil && !p.d.declared.inProcess, Ahead: link.Ahead(opts.Transport),
		Jitter: 0.1, MaxBootFails: 8, BackoffMin: 50 * time.Millisecond, BackoffMax: 30 * time.Second,
	}
	from, to := reflect.ValueOf(opts), reflect.ValueOf(&cfg).Elem()
	for i := range to.NumField() {
		if v := from.FieldByName(to.Type().Field(i).Name); v.IsValid() {
			to.Field(i).Set(v)
		}
	}
	for _, f := range p.funcs {
		cfg.Funcs = append(cfg.Funcs, f.Name)
	}
	if p.d.declared.inProcess {
		cfg.MemoryLimit, cfg.MaxMemory = 0, 0
	}
	return cfg
}
