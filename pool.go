package legion

import (
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/worker"
)

// Spawn says when a pool starts its workers. In files, flags and JSON it is
// text: String and MarshalText return "mixed", "lazy" or "eager", and
// UnmarshalText reads these or the number.
type Spawn = pool.Spawn

const (
	Mixed = pool.Mixed // Min workers at the start, more when calls wait
	Lazy  = pool.Lazy  // none at the start; the first with the first call
	Eager = pool.Eager // Max workers at the start
)

// Transport says how calls travel to a worker. In files, flags and JSON it is
// text: String and MarshalText return "default", "shared-memory" or "socket",
// and UnmarshalText reads these or the number.
type Transport = link.Transport

const (
	// DefaultTransport is SharedMemory where it is available, else Socket. It is
	// available on Linux, unless a sandbox forbids memfd_create.
	DefaultTransport = link.DefaultTransport
	// SharedMemory carries calls through rings in memory that the daemon and one
	// worker share: about a microsecond for a small call.
	SharedMemory = link.SharedMemory
	// Socket carries calls through a Unix socket pair.
	Socket = link.Socket
)

// Recorder, for instance {Window: 5 * time.Second, Bytes: 4 << 20}, says how
// far back a recording goes, 100 ms to 1 min, and about how much memory of a
// worker it takes, 256 KiB to 16 MiB; its last second may take more. If only
// one of the two is set, the other has the value of this example.
type Recorder = recorder.Recorder

// Pool is the configuration of a pool of workers. The zero value is usable: one
// worker from the start, up to one per CPU when calls wait. Durations below 1
// ms (LoopEvery: 1 µs) are refused, because a number without a unit counts
// nanoseconds. The longest duration works as no limit.
type Pool struct {
	// The pool keeps at least Min workers, and at most Max serve. Defaults: 1, and
	// the number of CPUs (at least Min). While a worker is replaced or dies, there
	// can be one process more than Max. Processes that SIGKILL does not end,
	// because they are stuck in the kernel, count too: when there are Max of them,
	// the pool fails until one of them ends.
	Min, Max int
	// Spawn says when the workers start. Default Mixed. With Lazy, Min defaults to
	// 0.
	Spawn Spawn
	// IdleTimeout ends a worker above Min after this time without a call. Default 1
	// min; negative: never.
	IdleTimeout time.Duration

	// Timeout bounds a call, from the call to its answer, including the wait for a
	// worker. For a Stream it bounds the whole sequence, from the call to its last
	// element, including the time of the caller's loop over it; a single element
	// has no bound. Default 0: only the caller's context bounds a call.
	Timeout time.Duration
	// KillGrace is how long a function may run after its context has ended, by
	// Timeout or by the caller. Then Legion records the stacks of its worker and
	// kills the worker. Default 500 ms.
	KillGrace time.Duration
	// Queue is how many calls may wait for a worker; more end with ErrQueueFull.
	// Default 1024.
	Queue int
	// Concurrency is how many calls one worker runs at the same time. Default 1:
	// then the death of a worker ends only one call.
	Concurrency int
	// Retry declares the functions idempotent: a call whose worker dies is retried
	// at most this many times. Default 0: a call never starts twice. Streams are
	// not retried, nor is the only call of a worker that Sandbox ended: it would
	// end the next one, too.
	Retry int

	// MaxCalls, MaxAge and MaxMemory (resident bytes) recycle a worker between
	// calls: it serves until its replacement is ready. MinAge is the least age at
	// which a worker is recycled. Each worker's MaxCalls and MaxAge differ from
	// these by up to 10 % at random, so that not all are recycled at once. Defaults
	// 0: never.
	MaxCalls       int
	MaxAge, MinAge time.Duration
	MaxMemory      uint64

	// MemoryLimit is a hard limit in bytes: a worker that needs more dies, and its
	// call ends with ErrOutOfMemory. It needs no privileges; where a memory cgroup
	// can be made, the kernel enforces it too. At least 32 MiB. Default 0: no
	// limit.
	MemoryLimit uint64
	// Procs is the number of CPUs that the Go code of a worker uses at a time
	// (GOMAXPROCS), at most 1024. Default: Concurrency, at most the number of CPUs.
	// With 1, Go rarely detects that two goroutines write to a map at the same
	// time: instead of a fatal error the function may hang until its Timeout. Test
	// functions that start goroutines of their own with go test -race, or run them
	// with Procs 2, which makes a small call a third slower.
	Procs int
	// Nice is added to the niceness of the worker, -20 to 19. Default 0.
	Nice int
	// Files limits the open files of a worker; at least 32. Default 0: the daemon's
	// limit.
	Files uint64
	// CPU bounds the processor time of a worker and the processes that it starts
	// together, in CPUs: 0.5 is half of one. At least 0.05. It needs a cpu cgroup;
	// without it Start fails. Default 0: none.
	CPU float64
	// Threads bounds the processes and threads of a worker and the processes that
	// it starts together; at least 16. A Go program has five to ten threads, and
	// one more for each call that waits in the kernel or in C; it dies if it gets
	// none. It needs a pids cgroup; without it Start fails. Default 0: none.
	Threads int
	// FileSize bounds the size in bytes of each file that a worker writes: writing
	// more fails with EFBIG. At least 256 KiB. Default 0: the daemon's limit.
	FileSize uint64
	// NoCore forbids core dumps of a worker, which contain what it works on.
	NoCore bool
	// OOMScore is added to the oom_score_adj of the worker, -1000 to 1000: if the
	// machine's memory is full, the kernel kills first what has more. Less than 0
	// needs privileges. Default 500: workers before the daemon.
	OOMScore int
	// User is whom the workers become, without supplementary groups: "user" or
	// "user:group", by name or number. The daemon must run as root; else Start
	// fails. Default: the daemon's user.
	User string
	// Env names the variables of the daemon's environment that a worker keeps,
	// besides PATH, HOME, LANG, LC_*, TZ, TMPDIR and those of the Go runtime. A *
	// at the end stands for anything: "*" keeps all; "NAME=value" sets one. main
	// runs in the worker too, and finds only these. Default nil: all.
	Env []string
	// Dir is the working directory of a worker, below the daemon's if it is
	// relative. Default: the daemon's.
	Dir string

	// BootTimeout bounds the time from the start of a process until it is ready.
	// Default 10 s.
	BootTimeout time.Duration
	// Heartbeat is the time of silence after which the daemon pings a worker. If
	// the worker does not answer within the same time again, it is killed; not
	// while a debugger traces it (Linux). Default 10 s; negative: never.
	Heartbeat time.Duration
	// More than MaxRestarts unexpected ends of workers within RestartWindow (see
	// event.WorkerExited) fail the pool: calls end with ErrPoolFailed until Resume.
	// So do more than MaxRestarts in a row, each within RestartWindow of the
	// previous one, if no call ended in between, and eight workers in a row that
	// die before they are ready, if no other serves; before that, starts are
	// delayed, by 50 ms at first. If workers die one after the other without having
	// finished a call, their replacements start with a delay of at most 200 ms,
	// which does not count in RestartWindow. Defaults 600 and 1 min; MaxRestarts
	// negative: never.
	MaxRestarts   int
	RestartWindow time.Duration
	// CrashBudget is how many workers in a row may die of the calls of one
	// function, if none of its calls ends in a worker that lives. Then the function
	// is in quarantine, and the pool's other functions keep their workers: its
	// calls end with ErrPoisoned at once, waiting ones too. After 1 s one call is
	// let through. If its worker lives, even if the function fails, the quarantine
	// is over; if it dies, the next one is twice as long, at most 1 min, and the
	// death does not count in MaxRestarts. Supervisor.Readmit and a reload end it
	// too. The kill of a worker whose call does not heed Timeout counts; the kill
	// for a caller's deadline or cancellation, or by hand, does not. Default: 20 if
	// the pool has several functions, else none; negative: none.
	CrashBudget int

	// Transport is how calls travel. Default: the fastest available.
	Transport Transport
	// Buffer is the size in bytes of the buffer for large payloads, one in each
	// direction of each worker; larger payloads travel in pieces. 64 KiB to 1 GiB,
	// rounded up to a power of two. Default 1 MiB.
	Buffer int
	// Arena is how many bytes of memory the daemon shares with each worker for the
	// Buffers of arguments, and how many for those of results (see payload.Buffer),
	// if functions of the pool have Buffers: 64 KiB to 64 GiB, or negative for
	// none, as with a MaxPayload below 64 KiB. What is not in use takes address
	// space only. MemoryLimit does not count it, except in a memory cgroup. Default
	// 256 MiB.
	Arena int
	// MaxPayload is the largest argument, result or stream element in bytes.
	// Default 64 MiB. The daemon holds one result for a call; for a call of a
	// Stream it holds the elements that wait to be read, at most 4 MiB and one
	// element, and the caller's current one.
	MaxPayload int64

	// KeepArgument is how many bytes the argument of a call may have to be kept, in
	// the daemon's memory, with the certificate of the worker that died of the call
	// (see Daemon.Deaths). Such a call can be run again, and its argument written
	// to files. The argument never gets into logs or events, nor into the next
	// process of the daemon. Buffers are not kept. At most 8 MiB; 16 MiB for all
	// deaths together. Default 0: none is kept.
	KeepArgument int
	// Recorder adds recordings to the certificate of a worker that was killed
	// because a call heeded neither Timeout nor its cancellation: a trace of the
	// time before and, if the program imports package profile, a profile of
	// KillGrace. MemoryLimit grows by eight times its Bytes. Needs Linux. Default:
	// off.
	Recorder Recorder

	// Sandbox confines the functions of the workers, from the end of their setup
	// on; see [Sandbox]. Start fails if this system cannot hold it. The pool has a
	// copy: later changes have no effect. InProcess workers, and calls made with
	// Inline, are not confined. Default: nil, none.
	Sandbox *Sandbox

	// LoopEvery is the interval of the workers' own loops, for a pool made by
	// NewWorkers whose T has a method Loop. Default 0: no pause.
	LoopEvery time.Duration
	// OnExit says what happens when a worker of that kind ends unexpectedly, or
	// because its loop returned EndLoop. Default Restart.
	OnExit OnExit

	// OnReturn, OnDied and OnTimeout are called when a call made with Go, whose
	// future has no callback of its own, ends: with a result or an error of the
	// function, by the death of its worker, or by a timeout. They run on the loop.
	OnReturn, OnDied, OnTimeout func(CallEnd)
	// OnEnd is called at the end of every call made with Call, Go or All, including
	// calls that panicked, were canceled, refused or stopped, or found the queue
	// full, and calls whose future has callbacks. Calls made with Inline do not
	// count. It runs on the loop, as Then does, before the other hooks, and
	// possibly after Call has returned. Default: nil; setting it costs a decoding
	// of each argument and, for Call, a few allocations.
	OnEnd func(CallEnd)
}

// OnExit says what the end of a looping worker means. In files, flags and JSON
// it is text: String and MarshalText return "restart", "stop-daemon" or
// "ignore", and UnmarshalText reads these or the number.
type OnExit = pool.OnExit

const (
	Restart    = pool.Restart    // a new one takes its place
	StopDaemon = pool.StopDaemon // the daemon stops
	Ignore     = pool.Ignore     // the others go on without it
)

// A worker's Loop returns EndLoop to end the loop and the worker.
var EndLoop = worker.ErrEndLoop

// Validate returns the mistakes for which a declaration with p would panic:
// each is a *FieldError, and errors.Join joins several. Package config calls
// it, at a reload too, to report a bad limit in a file with its line.
func (p Pool) Validate() error {
	return p.resolve()
}
