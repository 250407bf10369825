package legion

import (
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/worker"
)

// Spawn says when a pool starts its workers. Files, flags and JSON have it as text:
// String and MarshalText give "mixed", "lazy" or "eager", and UnmarshalText reads
// it, or the number.
type Spawn = pool.Spawn

const (
	Mixed = pool.Mixed // Min workers at the start, more when calls wait
	Lazy  = pool.Lazy  // none at the start; the first with the first call
	Eager = pool.Eager // Max workers at the start
)

// Transport says how calls travel to a worker. Files, flags and JSON have it as
// text: String and MarshalText give "default", "shared-memory" or "socket", and
// UnmarshalText reads it, or the number.
type Transport = link.Transport

const (
	// DefaultTransport is SharedMemory where there is one, else Socket. There is one
	// on Linux, unless a sandbox forbids memfd_create.
	DefaultTransport = link.DefaultTransport
	// SharedMemory carries calls through rings in memory that the daemon and one
	// worker share: about a microsecond for a small call.
	SharedMemory = link.SharedMemory
	// Socket carries calls through a Unix socket pair.
	Socket = link.Socket
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

// OnExit says what the end of a looping worker means. Files, flags and JSON have it
// as text: String and MarshalText give "restart", "stop-daemon" or "ignore", and
// UnmarshalText reads it, or the number.
type OnExit = pool.OnExit

const (
	Restart    = pool.Restart    // a new one takes its place
	StopDaemon = pool.StopDaemon // the daemon stops
	Ignore     = pool.Ignore     // the others go on without it
)

// EndLoop is returned by a worker's Loop to end the loop and the worker.
var EndLoop = worker.ErrEndLoop

// Validate says what a declaration with p would refuse: each mistake is a
// *FieldError, and errors.Join makes one of several. Package config calls it, so
// that a bad limit in a file is told with its line, at a reload too.
func (p Pool) Validate() error {
	_, err := p.resolve()
	return err
}
