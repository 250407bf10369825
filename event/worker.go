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
}

// WorkerExited is emitted when a worker has ended.
type WorkerExited struct {
	Pool     string
	Worker   uint64 // its number in the pool
	PID      int
	Expected bool           // Legion intended it
	ExitCode int            // -1 if a signal ended it
	Signal   syscall.Signal // 0 if no signal ended it
	KilledBy string         // why Legion killed it; "" if it did not
	How      string         // a summary in one line
	Stack    string         // Go stacks of the worker when it died; "" if it left none
}

// PoolFailed is emitted when a pool gives up because too many of its workers
// die.
type PoolFailed struct{ Pool, Reason string }

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
