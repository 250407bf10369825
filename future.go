package legion

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// Future is a result that is still to come. Its methods may be used from any
// goroutine.
//
// A failure that nothing hears of is logged, and becomes a Failure event: that
// of a call which ended with an error, was not canceled, and was told to no
// hook of its pool, if none of the methods Then, Done, Result, Await, Cancel
// and State of its future was called until a moment (100 to 200 ms) after the
// end. They may still be called later. A program that keeps a future to look at
// it much later calls Done when it gets it.
type Future[Out any] struct {
	d    *Daemon
	p    *declaration
	name string
	call *pool.Call // nil if the call was never submitted
	pool *pool.Pool
	done chan struct{}
	arg  func() any // decodes the argument again; nil without Pool.OnEnd

	watched atomic.Bool // something has asked for the end

	once    sync.Once
	resolve func() (Out, error)
	out     Out
	err     error

	mu       sync.Mutex
	finished bool
	claimed  bool // it has a callback, or a caller who waits: of the hooks only OnEnd is for this one
	then     []func(Out, error)
}

// Done is closed when the call has ended.
func (f *Future[Out]) Done() <-chan struct{} {
	f.watched.Store(true)
	return f.done
}

// Result waits for the end of the call and returns what it gave.
func (f *Future[Out]) Result() (Out, error) {
	f.watched.Store(true)
	return f.outcome()
}

// outcome is Result for Legion itself.
func (f *Future[Out]) outcome() (Out, error) {
	<-f.done
	f.once.Do(func() {
		f.out, f.err = f.resolve()
		f.resolve = nil
	})
	return f.out, f.err
}

// Await is Result bounded by ctx. When ctx ends first the call goes on, and
// Await returns the error of ctx.
func (f *Future[Out]) Await(ctx context.Context) (Out, error) {
	f.watched.Store(true)
	select {
	case <-f.done:
		return f.Result()
	case <-ctx.Done():
		select {
		case <-f.done: // both: the result counts
			return f.Result()
		default:
		}
		var none Out
		return none, ctx.Err()
	}
}

// Then calls fn with the result on the daemon's loop, once the call has ended.
// Several are called in the order in which they were given. It returns f.
//
// Each fn is called exactly once, during and after a stop too: calls that a
// stop ends, and those made later, end with ErrStopped. What the loop does not
// come to before its end runs after it, in the same order and one at a time, on
// a goroutine that takes the loop's place; Stop does not wait for that. Before
// Start the callbacks wait for the loop to begin.
func (f *Future[Out]) Then(fn func(Out, error)) *Future[Out] {
	f.watched.Store(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claimed = true
	if f.finished {
		f.d.callback(func() { fn(f.outcome()) })
	} else {
		f.then = append(f.then, fn)
	}
	return f
}

// Cancel ends the call with ErrCanceled: at once if it has not been started,
// else as soon as the function obeys or its worker is killed.
func (f *Future[Out]) Cancel() {
	f.watched.Store(true)
	if f.call != nil {
		f.pool.Cancel(f.call, context.Canceled)
	}
}

// State says where the call is.
func (f *Future[Out]) State() status.CallState {
	f.watched.Store(true)
	select {
	case <-f.done:
		return status.CallDone
	default:
	}
	if f.pool.WorkerOf(f.call) != 0 {
		return status.CallRunning
	}
	return status.CallQueued
}

// PID is the process that runs the call, or ran it; 0 if it has reached none.
func (f *Future[Out]) PID() int {
	select {
	case <-f.done:
		if f.call == nil {
			return 0
		}
		if f.call.Death != nil {
			return f.call.Death.PID
		}
		return f.call.Worker
	default:
		return f.pool.WorkerOf(f.call)
	}
}

// finish is called once, when the call has ended. failed says that it did not
// end with a result.
func (f *Future[Out]) finish(failed bool) {
	close(f.done)
	f.mu.Lock()
	then := f.then
	f.finished, f.then = true, nil
	f.mu.Unlock()
	for _, fn := range then {
		f.d.callback(func() { fn(f.outcome()) }) // each by itself: the panic of one is not the other's
	}
	if f.p.hooked() {
		f.d.callback(f.hook)
	} else if failed && !f.watched.Load() {
		f.d.events.unheard.Add(f.unheard)
	}
}

// hook tells the pool's hooks.
func (f *Future[Out]) hook() {
	f.mu.Lock()
	claimed := f.claimed
	f.mu.Unlock()
	out, err := f.outcome()
	end := CallEnd{CallInfo: f.Info(), Err: err}
	if err == nil {
		end.Out = out
	}
	if f.arg != nil {
		end.Arg = f.arg()
	}
	if told := f.p.hook(end, claimed); !told && err != nil && !f.watched.Load() {
		f.d.events.unheard.Add(f.unheard)
	}
}

// unheard says what to report of a failure for which the program has not asked.
func (f *Future[Out]) unheard() (where string, err error) {
	if f.watched.Load() {
		return "", nil
	}
	if _, err = f.outcome(); errors.Is(err, ErrCanceled) {
		return "", nil
	}
	return "call of " + f.name + " in pool " + f.p.name, err
}
