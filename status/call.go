package status

import (
	"time"

	"github.com/legion-go/legion/internal/enum"
)

// Func is a function that can be called by name.
type Func struct {
	Name string `json:"name"`
	Pool string `json:"pool"`
	Kind string `json:"kind"` // worker, task or stream
	In   string `json:"in"`   // Go types
	Out  string `json:"out"`
}

// CallInfo describes a call.
type CallInfo struct {
	Pool  string    `json:"pool"`
	Func  string    `json:"func"`
	Call  uint64    `json:"id"` // number of the call in its pool, from 1, as in the log; 0 if the pool never took it
	State CallState `json:"state"`
	// Outcome is how the call ended, one of [Outcomes]; "" until then.
	Outcome string `json:"outcome"`
	PID     int    `json:"pid"`              // of the worker that runs it, or ran it last; 0 if it has reached no worker
	Worker  uint64 `json:"worker,omitempty"` // the number of the worker that runs it; 0 if none does
	Tries   int    `json:"tries"`            // how many times it was retried, see Pool.Retry

	// The times when the call was made, when it began to run in the last worker,
	// and when it ended. A time is zero if it has not come; all are zero if the
	// pool never took the call.
	Queued  time.Time `json:"queued,omitzero"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`

	// Wait is how long it waited for a worker to begin it, Run how long it has run,
	// in all its tries. CPU is the processor time that it used, as far as it was
	// measured: of a call that ran for less than 10 ms it usually is 0. See
	// FuncStats for how both are found.
	Wait     time.Duration `json:"wait"`
	Run      time.Duration `json:"run"`
	CPU      time.Duration `json:"cpu"`
	Progress *Progress     `json:"progress,omitempty"` // while it runs, and if its function tells it

	ArgBytes    int `json:"arg_bytes"`    // encoded size
	ResultBytes int `json:"result_bytes"` // the same; 0 for a stream
}

// Calls are calls of one pool, or of all.
type Calls struct {
	Running []CallInfo `json:"running"` // in workers, the oldest first, at most 200
	Waiting []CallInfo `json:"waiting"` // the same, of those that wait in the daemon
	Slowest []CallInfo `json:"slowest"` // that ended in the last hour, the slowest first: of each function 16, in all at most 200
	Recent  []CallInfo `json:"recent"`  // that ended last, the newest first: of each pool 100, in all at most 200
}

// CallState is the state of a call.
type CallState int

const (
	CallQueued  CallState = iota // waits for a worker
	CallRunning                  // is in a worker
	CallDone                     // has ended
)

var callStates = enum.Names{"queued", "running", "done"}

// String returns "queued", "running" or "done".
func (s CallState) String() string { return callStates.Text(int(s)) }

// MarshalText writes what String returns.
func (s CallState) MarshalText() ([]byte, error) { return callStates.Marshal(int(s)) }

// UnmarshalText reads what String returns, or the number.
func (s *CallState) UnmarshalText(text []byte) error {
	v, err := callStates.Parse(text)
	if err == nil {
		*s = CallState(v)
	}
	return err
}
