package status

import (
	"fmt"
	"strings"
	"time"
)

// Times summarize durations. Mean and Max are exact; the others may be up to an
// eighth too large.
type Times struct {
	Mean time.Duration `json:"mean"`
	P50  time.Duration `json:"p50"`
	P90  time.Duration `json:"p90"`
	P99  time.Duration `json:"p99"`
	Max  time.Duration `json:"max"`
}

// Bounds are the upper bounds of the buckets of a Histogram. They must not be
// changed.
var Bounds = []time.Duration{
	10 * time.Microsecond, 100 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, time.Minute,
}

// Histogram counts durations in buckets. The counts are exact. Counts[i] is how
// many were at most Bounds[i], but above the bound before it; the last of
// Counts, which has one more than Bounds, is how many were above all of them.
type Histogram struct {
	Counts []uint64
	Sum    time.Duration // of all durations
}

// Outcomes are the ends of calls: the values of CallInfo.Outcome and the keys
// of FuncStats.Outcomes. error: the function returned one. refused: the
// argument or the result could not travel. poisoned: the call has killed
// workers, or its function is in quarantine.
var Outcomes = []string{
	"ok", "error", "panicked", "refused", "timeout", "canceled", "crashed", "out_of_memory", "forbidden", "poisoned",
	"queue_full", "pool_failed", "stopped",
}

// RecycleReasons are the keys of PoolStats.RecycledBy.
var RecycleReasons = []string{"calls", "age", "memory", "idle", "scale", "reload", "request", "stop", "loop"}

// Progress is how far a call has come, as its function says with
// legion.Progress.
type Progress struct {
	Done float64   `json:"done"` // how much of Of is done, in any unit
	Of   float64   `json:"of"`   // 0 if it is not known
	Note string    `json:"note"` // at most 64 bytes
	At   time.Time `json:"at"`   // when the daemon learned it
}

// String says it in a few words, for people: "43 % page 3", or how much is done
// if the whole is not known; "" for nil. The note is as the function gave it.
func (p *Progress) String() string {
	switch {
	case p == nil:
		return ""
	case p.Of > 0:
		return strings.TrimSpace(fmt.Sprintf("%.0f %% %s", 100*p.Done/p.Of, p.Note))
	case p.Done != 0:
		return strings.TrimSpace(fmt.Sprintf("%.6g %s", p.Done, p.Note))
	}
	return p.Note
}

// Running is a call that a worker has. The progress of the worker's own loop,
// if that tells any, is listed first, as call 0 of the function "loop".
type Running struct {
	Call     uint64        `json:"id"` // number of the call in its pool
	Func     string        `json:"func"`
	For      time.Duration `json:"for"` // how long it has run; 0 if it waits in the worker for another call to end
	Progress *Progress     `json:"progress,omitempty"`
}
