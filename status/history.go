package status

import "time"

// History is how a pool, or one of its functions, did over time.
type History struct {
	Step    time.Duration `json:"step"`    // between two samples
	End     time.Time     `json:"end"`     // of the last sample
	Samples []Sample      `json:"samples"` // the oldest first; empty if there is none yet
	// Folded says that there are more functions than history has room for, and that
	// this one has none of its own: its calls are in its pool's.
	Folded bool `json:"folded"`
}

// Sample is what a pool, or one of its functions, did in a step of a History.
// Figures of a function have only what comes from its calls: Calls to P99, CPU
// and Buckets. They are kept in few bytes: Calls, Queued, Running, Workers and
// Memory are exact to 0.1 %, all other figures to an eighth.
type Sample struct {
	Calls  float64       `json:"calls"`  // that ended, per second
	Errors float64       `json:"errors"` // of these, those without a result, per second
	P50    time.Duration `json:"p50"`    // from the call to its answer
	P90    time.Duration `json:"p90"`
	P99    time.Duration `json:"p99"`

	// The greatest values in the step, as seen each second.
	OldestWait time.Duration `json:"oldest_wait"` // see PoolStats
	Queued     int           `json:"queued"`
	Running    int           `json:"running"`
	Workers    int           `json:"workers"` // processes
	Memory     uint64        `json:"memory"`  // see PoolStats

	CPU    float64 `json:"cpu"`    // processors that were busy on average; known ten seconds late, and later if there are more than 100 workers
	Deaths int     `json:"deaths"` // unexpected ends of workers

	// Buckets are the calls by how long they took: one for each of Bounds, and one
	// for those above; nil without calls. They are exact to an eighth, and one of
	// less than a thousandth of the calls may be too large.
	Buckets []int `json:"buckets"`

	// Missing says that nothing was seen in this step: the machine was suspended,
	// the daemon stood still, or an upgrade came between.
	Missing bool `json:"missing"`
}
