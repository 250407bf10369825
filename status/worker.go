package status

import "time"

// Worker is a worker with its pool. In worker.list a pool without workers also
// has an entry, with pid 0 and the pool's state.
type Worker struct {
	Pool      string        `json:"pool"`
	Name      string        `json:"name"`     // the pool's name again
	LoopEvery time.Duration `json:"looptime"` // Pool.LoopEvery
	Forever   bool          `json:"forever"`  // Pool.OnExit is Restart
	WorkerStats
}

// WorkerEnd is a worker process that has ended.
type WorkerEnd struct {
	ID       uint64        `json:"id"`    // its number in the pool
	PID      int           `json:"pid"`   // 0 if it could not be started
	Calls    uint64        `json:"calls"` // that ended in it
	Started  time.Time     `json:"started"`
	Ended    time.Time     `json:"ended"`
	Expected bool          `json:"expected"` // its end was planned, see event.WorkerExited
	How      string        `json:"how"`      // in one line, cut after 1 KiB
	CPU      time.Duration `json:"cpu"`      // user and system time
	Memory   uint64        `json:"memory"`   // the most that was resident, in bytes
}

// Usage is what a process used.
type Usage struct {
	User, System time.Duration // CPU time
	MaxRSS       uint64        // the most memory that was resident, in bytes
}

// WorkerStats are the figures of one worker process.
type WorkerStats struct {
	ID       uint64        `json:"id"`
	PID      int           `json:"pid"`
	State    string        `json:"state"`    // starting, ready, leaving, dying, killed, stuck; replay: see PoolStats.Replays
	Retiring string        `json:"retiring"` // why it will be replaced
	Age      time.Duration `json:"age"`
	Calls    uint64        `json:"calls"` // ended
	Load     int           `json:"load"`  // calls it has now
	Call     string        `json:"call"`  // the function that runs; "" if idle
	For      time.Duration `json:"for"`
	Memory   uint64        `json:"memory"`            // private resident bytes
	CPU      time.Duration `json:"cpu"`               // user and system time of the process
	Sealed   bool          `json:"sealed"`            // its sandbox holds
	Running  []Running     `json:"running,omitempty"` // the calls it has, those first that got there first
}
