package legion

import (
	"math"
	"runtime"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
)

// Spawn says when a pool starts its workers.
type Spawn int

const (
	Mixed Spawn = iota // Min workers at the start, more when calls wait
	Lazy               // none at the start; the first with the first call
	Eager              // Max workers at the start
)

// Transport says how calls travel to a worker.
type Transport int

const (
	// DefaultTransport is SharedMemory where there is one, else Socket. There is one
	// on Linux, unless a sandbox forbids memfd_create.
	DefaultTransport Transport = iota
	// SharedMemory carries calls through rings in memory that the daemon and one
	// worker share: about a microsecond for a small call.
	SharedMemory
	// Socket carries calls through a Unix socket pair.
	Socket
)

// Pool says how the workers behind a function behave. The zero value is usable:
// one worker that is there from the start, up to one per CPU when calls wait.
// Durations below 1 ms (LoopEvery: 1 µs) are refused, because a number without a
// unit counts nanoseconds. The longest one is as good as none.
type Pool struct {
	// Min workers are kept, at most Max serve. Defaults: 1, and the number of
	// CPUs (at least Min). While a worker is replaced or dies there can be one
	// process more than Max. Processes that SIGKILL does not end, because they are
	// stuck in the kernel, take places too: when they have taken all, the pool fails
	// until one of them ends.
	Min, Max int
	// Spawn says when they are started. Default Mixed. With Lazy, Min defaults to 0.
	Spawn Spawn
	// IdleTimeout ends a worker above Min that has had no call for so long.
	// Default 1 min; negative: never.
	IdleTimeout time.Duration

	// Timeout bounds a call, from the call to its answer, waiting for a worker
	// included. Of a Stream it bounds the whole sequence, from the call to its last
	// element, with the time that the loop over it takes; there is no bound for one
	// element. Default 0: none, but that of the caller's context.
	Timeout time.Duration
	// KillGrace is how long a function may go on after its context has ended, be
	// it by Timeout or by the caller. Then the stacks of its worker are taken and
	// the worker is killed. Default 500 ms.
	KillGrace time.Duration
	// Queue is how many calls may wait for a worker; more end with ErrQueueFull.
	// Default 1024.
	Queue int
	// Concurrency is how many calls one worker runs at the same time. Default 1:
	// then a death costs one call, and a kill hits only its own.
	Concurrency int
	// Retry declares the functions idempotent: a call whose worker dies is tried
	// again, so often at most. Default 0: a call is never started twice. Streams
	// are not retried.
	Retry int

	// MaxCalls, MaxAge and MaxMemory (resident bytes) recycle a worker between
	// calls: it serves until its replacement is ready. MinAge keeps it at least
	// so long. A worker's own MaxCalls and MaxAge differ from these by up to 10 %
	// at random, so that not all are recycled at once. Defaults 0: never.
	MaxCalls       int
	MaxAge, MinAge time.Duration
	MaxMemory      uint64

	// MemoryLimit is a hard limit in bytes: a worker that wants more dies, and
	// its call ends with ErrOutOfMemory. It needs no privileges; where a memory
	// cgroup can be made, the kernel enforces it too. At least 32 MiB. Default 0:
	// none.
	MemoryLimit uint64
	// Procs is the number of CPUs that the Go code of a worker uses at a time
	// (GOMAXPROCS), at most 1024. Default: Concurrency, at most the number of CPUs. With 1, Go
	// rarely notices that two goroutines write to a map at the same time: instead of
	// a fatal error the function may then hang, until its Timeout. Functions that
	// start goroutines of their own are better tested with go test -race, or run
	// with Procs 2; where that is not needed it makes a small call a third slower.
	Procs int
	// Nice is added to the niceness of the worker, -20 to 19. Default 0.
	Nice int
	// Files limits the open files of a worker; at least 32. Default 0: as the
	// daemon.
	Files uint64

	// BootTimeout bounds the time from the start of a process to its being ready.
	// Default 10 s.
	BootTimeout time.Duration
	// Heartbeat: a worker that has been silent for so long is asked for a sign of
	// life, and killed if it gives none for as long again; not while a debugger
	// traces it (Linux). Default 10 s; negative: never.
	Heartbeat time.Duration
	// More than MaxRestarts unexpected ends of workers within RestartWindow (see
	// event.WorkerExited) fail the pool: calls end with ErrPoolFailed until
	// Resume. So do more than MaxRestarts in a row, each within RestartWindow of the
	// one before, without a call that ended in between, and eight workers in a row
	// that die before they are ready, while no other serves; before that, starts
	// are delayed, by 50 ms at first. Workers that die one after the other without
	// having finished a call are replaced with a delay of at most 200 ms, which does
	// not count in RestartWindow. Defaults 600 and 1 min; MaxRestarts negative:
	// never.
	MaxRestarts   int
	RestartWindow time.Duration

	// Transport is how calls travel. Default: the fastest that the system has.
	Transport Transport
	// Buffer is the room for large payloads on the way, in bytes, in each
	// direction of each worker; larger payloads travel in pieces. 64 KiB to 1 GiB,
	// rounded up to a power of two. Default 1 MiB.
	Buffer int
	// MaxPayload is the largest argument, result or element of a stream in bytes.
	// Default 64 MiB. The daemon holds one result for a call; for a call of a
	// Stream the elements that wait to be taken, which are 4 MiB and one element at
	// most, and the one that the loop has.
	MaxPayload int64

	// LoopEvery is the interval of the workers' own loops, for a pool made by
	// NewWorkers whose T has a method Loop. Default 0: again at once.
	LoopEvery time.Duration
	// OnExit says what happens when such a worker ends unexpectedly, or because
	// its loop returned EndLoop. Default Restart.
	OnExit OnExit

	// OnReturn, OnDied and OnTimeout are told of the end of calls made with Go
	// whose future has no callback of its own: of a result or an error of the
	// function, of a dead worker, and of a timeout. They run on the loop.
	OnReturn, OnDied, OnTimeout func(CallEnd)
	// OnEnd is told of the end of every call, made with Call, Go or All, whatever
	// the end was: also of one that panicked, was canceled, refused, stopped, or
	// found the queue full, and of one whose future has callbacks. Calls made with
	// Inline are none of the pool's. It runs on the loop, as Then does, before the
	// other hooks, and after Call has returned perhaps. Default: none; a hook costs
	// a decoding of each argument, and Call a few allocations.
	OnEnd func(CallEnd)
}

// OnExit says what the end of a looping worker means.
type OnExit int

const (
	Restart    OnExit = iota // a new one takes its place
	StopDaemon               // the daemon stops
	Ignore                   // the others go on without it
)

// EndLoop is returned by a worker's Loop to end the loop and the worker.
var EndLoop = worker.ErrEndLoop

const (
	maxWorkers     = 4096
	maxProcs       = 1024
	minMemoryLimit = 32 << 20
	minBuffer      = 64 << 10
	maxBuffer      = 1 << 30
)

// Validate says what a declaration with p would refuse: each mistake is a
// *FieldError, and errors.Join makes one of several. Package config calls it, so
// that a bad limit in a file is told with its line, at a reload too.
func (p Pool) Validate() error {
	_, err := p.resolve()
	return err
}

// resolve checks p and returns it with the defaults filled in.
func (p Pool) resolve() (Pool, error) {
	if err := p.checkSigns(); err != nil {
		return p, err
	}
	if p.Min == 0 && p.Spawn != Lazy {
		p.Min = 1
	}
	if p.Max == 0 {
		p.Max = max(runtime.NumCPU(), min(p.Min, maxWorkers), 1)
	}
	if p.Spawn == Eager {
		p.Min = p.Max
	}
	or(&p.IdleTimeout, time.Minute)
	or(&p.KillGrace, 500*time.Millisecond)
	or(&p.Queue, 1024)
	or(&p.Concurrency, 1)
	or(&p.Procs, min(p.Concurrency, runtime.NumCPU()))
	or(&p.BootTimeout, 10*time.Second)
	or(&p.Heartbeat, 10*time.Second)
	or(&p.MaxRestarts, 600)
	or(&p.RestartWindow, time.Minute)
	or(&p.Buffer, 1<<20)
	or(&p.MaxPayload, wire.MaxPayload)
	if p.Transport == DefaultTransport {
		p.Transport = SharedMemory
		if link.Default() == link.Socket {
			p.Transport = Socket
		}
	}
	return p, p.checkLimits()
}

// checkSigns checks what must be right before defaults are filled in.
func (p Pool) checkSigns() error {
	c := checks{of: "Pool"}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"Min", int64(p.Min)}, {"Max", int64(p.Max)}, {"Queue", int64(p.Queue)}, {"Concurrency", int64(p.Concurrency)},
		{"Retry", int64(p.Retry)}, {"MaxCalls", int64(p.MaxCalls)}, {"Procs", int64(p.Procs)},
		{"Buffer", int64(p.Buffer)}, {"MaxPayload", p.MaxPayload},
	} {
		c.natural(n.name, n.value)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Timeout", p.Timeout}, {"KillGrace", p.KillGrace}, {"MaxAge", p.MaxAge}, {"MinAge", p.MinAge},
		{"BootTimeout", p.BootTimeout}, {"RestartWindow", p.RestartWindow},
	} {
		c.duration(d.name, d.value, leastPatience)
	}
	c.duration("LoopEvery", p.LoopEvery, leastInterval)
	c.unit("IdleTimeout", p.IdleTimeout, leastPatience)
	c.unit("Heartbeat", p.Heartbeat, leastPatience)
	return c.err()
}

// checkLimits checks the limits of a p that has its defaults.
func (p Pool) checkLimits() error {
	c := checks{of: "Pool"}
	c.agree(p.Min <= p.Max, "Min", "Max", "is %d and Pool.Max %d: Min must not be larger", p.Min, p.Max)
	c.that(p.Max <= maxWorkers, "Max", "is %d: at most %d workers", p.Max, maxWorkers)
	c.that(p.Spawn >= Mixed && p.Spawn <= Eager, "Spawn", "is %d: use Mixed, Lazy or Eager", p.Spawn)
	c.that(p.Transport >= SharedMemory && p.Transport <= Socket, "Transport", "is %d: use SharedMemory or Socket", p.Transport)
	c.that(p.Concurrency <= 128, "Concurrency", "is %d: at most 128", p.Concurrency)
	c.that(p.Procs <= maxProcs, "Procs", "is %d: at most %d", p.Procs, maxProcs)
	c.that(p.MemoryLimit == 0 || p.MemoryLimit >= minMemoryLimit, "MemoryLimit", "is %d bytes: the Go runtime alone needs more; use at least %d", p.MemoryLimit, minMemoryLimit)
	c.that(p.MemoryLimit <= proc.MaxLimit, "MemoryLimit", "is %d bytes, more than there can be: use 0 for none", p.MemoryLimit)
	c.agree(p.MaxMemory == 0 || p.MemoryLimit == 0 || p.MaxMemory <= p.MemoryLimit, "MaxMemory", "MemoryLimit",
		"which recycles, is larger than Pool.MemoryLimit, which kills")
	c.agree(p.MaxAge == 0 || p.MinAge <= p.MaxAge, "MinAge", "MaxAge", "is %v and Pool.MaxAge %v: MinAge must not be larger", p.MinAge, p.MaxAge)
	c.that(p.OnExit >= Restart && p.OnExit <= Ignore, "OnExit", "is %d: use Restart, StopDaemon or Ignore", p.OnExit)
	c.that(p.Nice >= -20 && p.Nice <= 19, "Nice", "is %d: use -20 to 19", p.Nice)
	c.that(p.Files == 0 || p.Files >= proc.MinFiles, "Files", "is %d: a Go process needs at least %d", p.Files, proc.MinFiles)
	c.that(p.Files <= proc.MaxLimit, "Files", "is %d, more than there can be: use 0 for as many as the daemon", p.Files)
	c.that(p.Buffer >= minBuffer && p.Buffer <= maxBuffer, "Buffer", "is %d bytes: use 64 KiB to 1 GiB", p.Buffer)
	c.that(p.MaxPayload <= math.MaxInt32, "MaxPayload", "is %d bytes: at most 2 GiB - 1", p.MaxPayload)
	return c.err()
}

func or[T comparable](v *T, byDefault T) {
	var zero T
	if *v == zero {
		*v = byDefault
	}
}

// core returns what the supervisor needs of a resolved p.
func (p Pool) core(name string, funcs []string) pool.Config {
	ahead := 0
	if p.Transport == SharedMemory {
		ahead = 128
	}
	return pool.Config{
		Name: name, Funcs: funcs,
		Min: p.Min, Max: p.Max, Spawn: pool.Spawn(p.Spawn), IdleTimeout: max(p.IdleTimeout, 0),
		Concurrency: p.Concurrency, Ahead: ahead, Queue: p.Queue,
		Timeout: p.Timeout, KillGrace: p.KillGrace, Retry: p.Retry,
		BootTimeout: p.BootTimeout, MaxCalls: p.MaxCalls, MaxAge: p.MaxAge, MinAge: p.MinAge,
		MaxMemory: p.MaxMemory, MemoryLimit: p.MemoryLimit, Jitter: 0.1, Heartbeat: max(p.Heartbeat, 0),
		MaxRestarts: max(p.MaxRestarts, 0), RestartWindow: p.RestartWindow,
		OnExit: pool.OnExit(p.OnExit), MaxBootFails: 8, BackoffMin: 50 * time.Millisecond, BackoffMax: 30 * time.Second,
	}
}
