package pool

import "time"

// Config says how a pool behaves. A field with the name of a field of the
// root's Pool is copied from there, with its default filled in.
type Config struct {
	Name string

	Min, Max    int           // workers kept, workers allowed; the replacement of a recycled worker is one more
	Spawn       Spawn         // when they are started
	IdleTimeout time.Duration // a worker above Min leaves after it was idle this long; 0 or less = never
	Fresh       bool          // a process serves one call and leaves
	Spare       int           // ready processes that wait for the next calls, if Fresh
	Once        bool          // one worker is kept until there is a call, and none from then on

	Concurrency int           // calls that one worker runs at the same time
	Ahead       int           // most calls that may wait inside a worker, behind those that run
	Queue       int           // calls that may wait in the daemon; at least 1
	Timeout     time.Duration // from the call to its answer; 0 = none
	KillGrace   time.Duration // between the cancellation of a running call and the kill of its worker
	Retry       int           // how many times a started call may be started again after its worker died

	BootTimeout   time.Duration // from the start of a process to its being ready
	MaxCalls      int           // recycle after this many calls; 0 = never
	MaxAge        time.Duration // recycle at this age; 0 = never
	MinAge        time.Duration // do not recycle before this age
	MaxMemory     uint64        // recycle above this many resident bytes; 0 = never
	MemoryLimit   uint64        // kill above this many resident bytes; 0 = never
	Jitter        float64       // random part of MaxCalls and MaxAge, and of back-offs
	Heartbeat     time.Duration // a worker silent for this long is sent a Ping; 0 or less = never
	MaxRestarts   int           // deaths in RestartWindow that fail the pool; 0 or less = any number
	RestartWindow time.Duration
	MaxBootFails  int           // workers in a row that die before they are ready; 0 = any number
	CrashBudget   int           // workers in a row that may die of the calls of one function; 0 = the default, less = any number
	BackoffMin    time.Duration // first wait before the next start after one of these
	BackoffMax    time.Duration

	Looping bool   // the workers run loops of their own, which a pause holds too
	OnExit  OnExit // what happens when a looping worker ends

	KeepArgument int // keep the argument of the call of which a worker died, up to this many bytes; 0 = never

	Sealed bool // a worker must be sealed before it gets calls; see wire.Seal

	Funcs []string // names of the functions, by index
}

const (
	// lackingWait is how long a pool waits after the system had no room for another
	// process.
	lackingWait = 250 * time.Millisecond
	// quitGrace is how long a worker may take to write its stacks after SIGABRT.
	quitGrace = time.Second
	// killBound is how long a killed process may take to go before its calls are
	// answered without it. Only a process stuck in the kernel takes that long.
	killBound = 5 * time.Second
	// aheadFor is how much work, as time, a worker gets in advance: it hides the
	// latency to the worker and back, and is short enough to be fair.
	aheadFor = 100 * time.Microsecond
	// What always finds room in a link: arguments of at most fitsCall bytes each
	// and fitsAll bytes together. The link keeps small payloads in 512 KiB.
	fitsCall, fitsAll = 16 << 10, 192 << 10
	// stallAfter is the time without any answer after which calls that wait behind
	// a running one move to another worker.
	stallAfter = time.Millisecond
	// heartbeatChecks is how many checks in a row a worker may stay silent after a
	// Ping. It counts checks instead of time, so that a daemon that was itself
	// stopped for a while does not kill its workers when it goes on.
	heartbeatChecks = 4

	// If a worker boots and then dies of its calls, the calls are more likely at
	// fault than the worker, and hostile calls must not slow down good ones: the
	// first of these deaths cost no wait, and later ones a short one, which only
	// keeps a crash at every call from exhausting the machine.
	crashesAtOnce   = 4
	crashBackoffMin = 10 * time.Millisecond
	crashBackoffMax = 200 * time.Millisecond
	// shortLoop is the life below which a loop counts as ended at once.
	shortLoop = 10 * time.Second
)
