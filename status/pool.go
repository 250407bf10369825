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
	Retried  uint64 `json:"retried"` // calls that were tried again, once for each try

	Started  uint64 `json:"started"`  // worker processes started
	Recycled uint64 `json:"recycled"` // … that left normally
	Restarts uint64 `json:"restarts"` // … that died unexpectedly
	Corrupt  uint64 `json:"corrupt"`  // … that broke the protocol

	// RecycledBy divides Recycled by reason: calls, age and memory (of the worker,
	// see Pool.MaxCalls, MaxAge and MaxMemory), idle, scale, reload, request (a
	// person or the program ended it), stop or loop (its own loop returned
	// EndLoop). Reasons that have not occurred are missing.
	RecycledBy map[string]uint64 `json:"recycled_by"`
	// DeathsBy counts the other ends of workers by cause, as in Death.Cause: those
	// of Restarts, and those that a deadline, a cancellation or a person brought
	// about, or that had to leave and did not in time. Every process that has ended
	// is counted once, in Recycled or here.
	DeathsBy map[string]uint64 `json:"deaths_by"`

	OldestWait time.Duration `json:"oldest_wait"` // how long the oldest call that has not begun has been waiting; 0 if none is
	QueueLimit int           `json:"queue_limit"` // Pool.Queue: how many calls may wait in the daemon

	// Busy is for how long calls have run, all of them together: it grows by 4
	// seconds each second while 4 calls run. CPU is the processor time of all
	// workers, those that have ended included. Both only grow.
	Busy time.Duration `json:"busy"`
	CPU  time.Duration `json:"cpu"`

	// Private resident bytes of all workers, of the largest one, and
	// Pool.MemoryLimit for each of them; 0 without a limit.
	Memory          uint64 `json:"memory"`
	WorkerMemoryMax uint64 `json:"worker_memory_max"`
	MemoryLimit     uint64 `json:"memory_limit"`

	BytesIn  uint64 `json:"bytes_in"`  // of encoded arguments, given to workers
	BytesOut uint64 `json:"bytes_out"` // of encoded results, and elements of streams

	StartTimes Histogram `json:"-"` // how long workers took from their start until they were ready

	Forbidden uint64   `json:"forbidden"`          // … that ended because they did what Pool.Sandbox does not allow
	Sandbox   *Sandbox `json:"sandbox,omitempty"`  // nil without a Pool.Sandbox
	Poisoned  []string `json:"poisoned,omitempty"` // functions in quarantine, because their calls kill workers; see Pool.CrashBudget

	LoopEvery time.Duration `json:"looptime"` // Pool.LoopEvery
	Forever   bool          `json:"forever"`  // Pool.OnExit is Restart

	LastDeath string        `json:"last_death"` // how the last worker that died unexpectedly ended
	Workers   []WorkerStats `json:"workers"`
	Replays   []WorkerStats `json:"replays,omitempty"` // processes beside the workers, each of which runs the call of a death again
	Funcs     []FuncStats   `json:"funcs"`
}

// Died is how many workers have died, of whatever cause: of each there was a
// certificate. Of a daemon of an older Legion, which does not tell the causes,
// it is how many died unexpectedly.
func (p PoolStats) Died() (n uint64) {
	for _, of := range p.DeathsBy {
		n += of
	}
	return max(n, p.Restarts)
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
	Calls  uint64        `json:"calls"` // that have ended
	Errors uint64        `json:"errors"`
	Mean   time.Duration `json:"mean"`
	P50    time.Duration `json:"p50"`
	P90    time.Duration `json:"p90"`
	P99    time.Duration `json:"p99"`
	Max    time.Duration `json:"max"`

	// Outcomes divides Calls by how they ended. The keys are in [Outcomes]; one
	// that has not occurred is missing.
	Outcomes map[string]uint64 `json:"outcomes"`

	// Wait is how long calls waited until a worker began them, or until their end
	// if none did; Run is how long they ran then. A call that is retried runs
	// several times: Run is all of that, Wait the rest. As the daemon sees it: a
	// worker runs as many of its calls as Pool.Concurrency says, in the order in
	// which it got them.
	Wait Times `json:"wait"`
	Run  Times `json:"run"`
	// CPU is the processor time of its calls. It is measured at each worker's start
	// and end, whenever these figures are asked for, and at the end of a long call;
	// what a worker used between two measurements is shared out among the functions
	// that ran in it, by how long they ran. So it is exact if a worker runs one
	// function, and lags behind by what has not been measured yet. It only grows.
	CPU time.Duration `json:"cpu"`

	// Histograms of the time from the call to its answer, of Wait and of Run, for
	// package metrics.
	Duration Histogram `json:"-"`
	Waiting  Histogram `json:"-"`
	Running  Histogram `json:"-"`

	// Deaths is how many workers in a row died of its calls, since one of them last
	// ended in a worker that lived. It is 0 in a pool without a CrashBudget.
	Deaths int `json:"deaths"`
	// RetryAfter is when its next call may be let through, because it is in
	// quarantine; 0: it is not.
	RetryAfter time.Duration `json:"retry_after"`
}
