package link

import (
	"runtime/debug"
	"time"
)

// pollLimit is how many frames a poller delivers before it checks the time.
const pollLimit = 64

// poll receives instead of Serve. See Conn.
func (r *receiver) poll(size int, done func() bool) {
	if r.pollSkip.Load() > 0 {
		r.pollSkip.Add(-1)
		return
	}
	if !r.role.CompareAndSwap(roleFree, roleLent) && !r.role.CompareAndSwap(roleSpin, roleLent) {
		return
	}
	mine, before := true, debug.SetPanicOnFault(true)
	defer func() {
		if err := r.memory.fault(recover()); err != nil {
			r.end.fail(violation(err))
			if mine {
				r.role.Store(roleFree)
			}
			r.bell.Kick()
		}
		debug.SetPanicOnFault(before)
	}()
	r.ring.Unpark()
	if err := r.pollFor(size, done); err != nil {
		r.end.fail(err)
	}
	head := r.ring.Head()
	r.ring.Park(parkBell)
	mine = false
	r.role.Store(roleFree)
	if r.ring.ReadyAt(head) || r.end.over.Load() {
		r.bell.Kick()
	}
}

func (r *receiver) pollFor(size int, done func() bool) error {
	budget := r.pollSpin.Budget(pollExtra + r.forSize(size))
	var start time.Time
	for i := 0; ; i++ {
		if _, err := r.drain(done, pollLimit); err != nil {
			return err
		}
		if done() {
			r.pollSpin.Hit()
			return nil
		}
		if i == 1 { // frames of other callers; usually the clock is not read
			start = time.Now()
		}
		if i > 1 && time.Since(start) > budget || !r.look(r.ring.Head(), budget, done) && !done() {
			r.pollSpin.Miss()
			r.pollSkip.Store(int32(r.pollSpin.Skips()))
			return nil
		}
	}
}
