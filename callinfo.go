package legion

import (
	"errors"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// Info returns a description of the call. Unlike the other methods it does not
// count as asking for the result: a failure is still logged.
func (f *Future[Out]) Info() status.CallInfo {
	if f.call == nil { // it ended at once
		_, err := f.outcome()
		return refused(f.p.name, f.name, err)
	}
	return f.pool.Info(f.call).Status(f.p.name)
}

// refused describes a call that no pool has accepted.
func refused(poolName, fn string, err error) status.CallInfo {
	c := status.CallInfo{Pool: poolName, Func: fn, State: status.CallDone}
	for kind, sentinel := range map[pool.Kind]error{
		pool.Refused: ErrRefused, pool.Timeout: ErrTimeout, pool.Canceled: ErrCanceled, pool.Stopped: ErrStopped,
	} {
		if errors.Is(err, sentinel) {
			c.Outcome = kind.String()
		}
	}
	return c
}

// Recent returns the calls and workers of the pool that ended most recently.
// They are always recorded, at next to no cost for a call.
func (s *Supervisor) Recent() status.Recent {
	r := status.Recent{Calls: []status.CallInfo{}, Workers: []status.WorkerEnd{}}
	p := s.p.running.Load()
	if p == nil {
		return r
	}
	calls, workers := p.Recent()
	for _, c := range calls {
		r.Calls = append(r.Calls, c.Status(s.p.name))
	}
	for _, w := range workers {
		r.Workers = append(r.Workers, w.Status())
	}
	return r
}
