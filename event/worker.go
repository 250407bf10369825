package event

import (
	"syscall"
	"time"
)

// WorkerStarted is emitted when a worker is ready: in the daemon, and in the
// worker itself before it serves.
type WorkerStarted struct {
	Pool   string
	Worker uint64 // its number in the pool
	PID    int
	Took   time.Duration // from the start of the process
	Sealed time.Duration // how much of that sealing its sandbox took; 0 without one, and in the worker itself, which is sealed afterwards
}

// WorkerExited is emitted when a worker has ended. Expected says that the end
// was intended: the operator (Kill, End, Scale, Stop), a caller (by a deadline
// or a cancellation that the function did not obey) or the pool (recycling,
// idleness) requested it, or the worker's own loop ended. It is false for a
// worker that crashed, and for one that was killed because it gave no sign of
// life, took too much memory, was not ready in time or broke the protocol. Only
// unexpected ends count in MaxRestarts.
type WorkerExited struct {
	Pool     string
	Worker   uint64 // its number in the pool
	PID      int
	Expected bool           // the end was intended
	ExitCode int            // -1 if a signal ended it
	Signal   syscall.Signal // 0 if no signal ended it
	KilledBy string         // why Legion killed it: "deadline", "cancel", "memory limit", "heartbeat", "boot timeout", "kill", "stop", …; "" if it did not
	How      string         // a summary in one line
	Stack    string         // Go stacks of the worker when it died; "" if it left none
	Death    uint64         // number of its certificate, see Daemon.Deaths; 0 if it has none: the end was planned, or came after an upgrade
}

// Forbidden is emitted when a worker has ended because it made a system call
// that the Sandbox of its pool does not allow, before its WorkerExited. The
// worker may have been taken over: nothing of this is certain but Pool, Worker
// and PID.
type Forbidden struct {
	Pool   string
	Worker uint64 // its number in the pool
	PID    int
	Call   string // the system call: "socket"
	Args   string // its arguments, as far as they are known: "AF_INET, SOCK_STREAM"
	Rule   string // the field of the Sandbox that would allow it: "Network"; "" if none does
	Where  string // the function that made the call: "webp.fetch (webp.go:14)"; "" if unknown
	Stack  string // Go stacks of the worker
}

// PoolFailed is emitted when a pool gives up because too many of its workers
// die.
type PoolFailed struct{ Pool, Reason string }

// FunctionPoisoned is emitted when a function is put in quarantine because its
// calls kill workers, and again when the quarantine gets longer; see
// Pool.CrashBudget.
type FunctionPoisoned struct {
	Pool, Func string
	Deaths     int           // of workers, in a row
	RetryAfter time.Duration // until one call is let through
	Reason     string        // how many workers died, and how the last one did
}

// FunctionReadmitted is emitted when the quarantine of a function ends: Why is
// "success" (a call has ended, and its worker lives), "request"
// (Supervisor.Readmit), "recycle" (all workers are replaced, by a reload for
// instance) or "budget" (Supervisor.Configure took the CrashBudget away).
type FunctionReadmitted struct{ Pool, Func, Why string }

// LoopStarted is emitted when a worker's own loop begins, and when it continues
// after a pause.
type LoopStarted struct {
	Pool   string
	Worker uint64 // its number in the pool
	PID    int
}

// LoopStopped is emitted when a pause holds a worker's own loop, and when such
// a loop returns.
type LoopStopped struct {
	Pool   string
	Worker uint64 // its number in the pool
	PID    int
	Paused bool
}
