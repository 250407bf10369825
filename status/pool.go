package status

import "time"

// Pool is a summary of one pool.
type Pool struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Min      int    `json:"min"`
	Max      int    `json:"max"`
	Ready    int    `json:"ready"`
	Queued   int    `json:"queued"`
	Running  int    `json:"running"`
	Calls    uint64 `json:"calls"`
	Errors   uint64 `json:"errors"` // calls that ended without a result
	Restarts uint64 `json:"restarts"`

	Poisoned []string `json:"poisoned,omitempty"` // functions in quarantine
}

// Recent is what ended in a pool lately, newest first: the last 100 calls and
// the last 100 processes.
type Recent struct {
	Calls   []CallInfo  `json:"calls"`
	Workers []WorkerEnd `json:"workers"`
}

// PoolStats are the figures of one pool since the start.
type PoolStats struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`   // worker, task, stream or loop
	State   string `json:"state"`  // running, paused, failed, stopping, stopped; the last two also after Supervisor.Stop
	Reason  string `json:"reason"` // why it failed
	Min     int    `json:"min"`
	Max     int    `json:"max"`
	Ready   int    `json:"ready"`   // workers that serve, including those that run their own loop
	Queued  int    `json:"queued"`  // calls that wait in the daemon
	Running int    `json:"running"` // calls in workers

	Calls    uint64 `json:"calls"`  // made
	OK       uint64 `json:"ok"`     // ended with a result
	Failed   uint64 `json:"failed"` // ended with an error of the function
	Panicked uint64 `json:"panicked"`
	Refused  uint64 `json:"refused"`
	TimedOut uint64 `json:"timed_out"`
	Canceled uint64 `json:"canceled"`
	Crashed  uint64 `json:"crashed"` // ended by the death of their worker
	Dropped  uint64 `json:"dropped"` // refused: queue full, function in quarantine, pool failed, stopped
	Retried  uint64 `json:"retried"` // retried

	Started  uint64 `json:"started"`  // worker processes started
	Recycled uint64 `json:"recycled"` // … that left normally
	Restarts uint64 `json:"restarts"` // … that died unexpectedly
	Corrupt  uint64 `json:"corrupt"`  // … that broke the protocol

	Forbidden uint64   `json:"forbidden"`          // … that ended because they did what Pool.Sandbox does not allow
	Sandbox   *Sandbox `json:"sandbox,omitempty"`  // nil without a Pool.Sandbox
	Poisoned  []string `json:"poisoned,omitempty"` // functions in quarantine, because their calls kill workers; see Pool.CrashBudget

	LoopEvery time.Duration `json:"looptime"` // Pool.LoopEvery
	Forever   bool          `json:"forever"`  // Pool.OnExit is Restart

	LastDeath string        `json:"last_death"` // how the last worker that died unexpectedly ended
	Workers   []WorkerStats `json:"workers"`
	Funcs     []FuncStats   `json:"funcs"`
}

// Sandbox says what confines the workers of a pool that has a Pool.Sandbox.
type Sandbox struct {
	Held    []string `json:"held"`    // what holds, as the worker that started last says; empty before the first
	Missing []string `json:"missing"` // what this system cannot hold: such a pool starts only with BestEffort

	BestEffort bool `json:"best_effort"` // Sandbox.BestEffort
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

	// Deaths is how many workers in a row died of its calls, since one of them last
	// ended in a worker that lived. It is 0 in a pool without a CrashBudget.
	Deaths int `json:"deaths"`
	// RetryAfter is when its next call may be let through, because it is in
	// quarantine; 0: it is not.
	RetryAfter time.Duration `json:"retry_after"`
}
