package legion

import (
	"errors"
	"time"

	"github.com/legion-go/legion/internal/pool"
)

// CallInfo is what is known of a call.
type CallInfo struct {
	Pool  string    `json:"pool"`
	Func  string    `json:"func"`
	Call  uint64    `json:"id"` // number of the call in its pool, from 1, as in the log; 0 if the pool never took it
	State CallState `json:"state"`
	// Outcome is how it has ended; "" until then. It is ok, failed (the function
	// returned an error), panicked, refused, timed_out, canceled, crashed,
	// out_of_memory, poisoned, queue_full, pool_failed or stopped.
	Outcome string `json:"outcome"`
	PID     int    `json:"pid"`   // of the worker that runs it, or ran it last; 0 if it has reached none
	Tries   int    `json:"tries"` // how often it was tried again, see Pool.Retry

	// When the call was made, when the worker got it that ran it last, and when it
	// ended. A time is zero if it has not come; those of a call that its pool never
	// took are.
	Queued  time.Time `json:"queued,omitzero"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`

	ArgBytes    int `json:"arg_bytes"`    // as they travel
	ResultBytes int `json:"result_bytes"` // the same; 0 for a stream
}

// CallState is the state of a call.
type CallState int

const (
	CallQueued  CallState = iota // waits for a worker
	CallRunning                  // is in a worker
	CallDone                     // has ended
)

// Info returns what is known of the call. Unlike the other methods it is no
// question for the result: a failure that nothing else asks for is still logged.
func (f *Future[Out]) Info() CallInfo {
	if f.call == nil { // it has ended at once
		_, err := f.outcome()
		return refused(f.p.name, f.name, err)
	}
	return callInfo(f.p.name, f.pool.Info(f.call))
}

// callInfo tells what the supervisor knows of a call.
func callInfo(poolName string, i pool.CallInfo) CallInfo {
	c := CallInfo{
		Pool: poolName, Func: i.Func, Call: i.Number, Outcome: i.Kind.String(), PID: i.PID, Tries: i.Tries,
		Queued: i.Queued, Started: i.Started, Ended: i.Ended, ArgBytes: i.Arg, ResultBytes: i.Result,
	}
	switch {
	case i.Kind != 0:
		c.State = CallDone
	case i.Running:
		c.State = CallRunning
	}
	return c
}

// refused tells of a call that no pool has taken.
func refused(poolName, fn string, err error) CallInfo {
	c := CallInfo{Pool: poolName, Func: fn, State: CallDone}
	for kind, sentinel := range map[pool.Kind]error{
		pool.Refused: ErrRefused, pool.Timeout: ErrTimeout, pool.Canceled: ErrCanceled, pool.Stopped: ErrStopped,
	} {
		if errors.Is(err, sentinel) {
			c.Outcome = kind.String()
		}
	}
	return c
}

// Recent is what has ended in a pool of late, the newest first: the last 100 calls
// and the last 100 processes.
type Recent struct {
	Calls   []CallInfo  `json:"calls"`
	Workers []WorkerEnd `json:"workers"`
}

// WorkerEnd is a worker process that has ended.
type WorkerEnd struct {
	ID       uint64        `json:"id"`    // its number in the pool
	PID      int           `json:"pid"`   // 0 if it could not be started
	Calls    uint64        `json:"calls"` // ended in it
	Started  time.Time     `json:"started"`
	Ended    time.Time     `json:"ended"`
	Expected bool          `json:"expected"` // Legion willed it
	How      string        `json:"how"`      // in one line, cut after 1 KiB
	CPU      time.Duration `json:"cpu"`      // user and system time
	Memory   uint64        `json:"memory"`   // the most that was resident, in bytes
}

// Recent returns what has ended in the pool of late. It is remembered all the
// time, and costs calls nothing to speak of.
func (s *Supervisor) Recent() Recent {
	r := Recent{Calls: []CallInfo{}, Workers: []WorkerEnd{}}
	p := s.p.running.Load()
	if p == nil {
		return r
	}
	calls, workers := p.Recent()
	for _, c := range calls {
		r.Calls = append(r.Calls, callInfo(s.p.name, c))
	}
	for _, w := range workers {
		r.Workers = append(r.Workers, WorkerEnd{
			ID: w.Worker, PID: w.Death.PID, Calls: w.Calls, Started: w.Start, Ended: w.End, Expected: w.Expected, How: w.How,
			CPU: w.Death.Usage.User + w.Death.Usage.System, Memory: w.Death.Usage.MaxRSS,
		})
	}
	return r
}
