package legion

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// Future is the result of a call that may still run. Its methods may be used
// from any goroutine.
//
// A failure that the program ignores is logged and becomes a Failure event.
// That is so if the call ended with an error, was not canceled, no hook of its
// pool was called for it, and none of the methods Then, Done, Result, Await,
// Cancel and State was called by a moment (100 to 200 ms) after its end. They
// may still be called later. To keep a future and read it much later, call Done
// when you get it.
type Future[Out any] struct {
	d    *Daemon
	p    *declaredPool
	name string
	call *pool.Call // nil if the call was never submitted
	pool *pool.Pool
	done chan struct{}
	arg  func() any // decodes the argument again; nil without Pool.OnEnd

	watched atomic.Bool // the program has asked for the end

	once    sync.Once
	resolve func() (Out, error)
	out     Out
	err     error

	mu       sync.Mutex
	finished bool
	claimed  bool // it has a callback or a waiting caller: only the hook OnEnd is called
	then     []func(Out, error)
}

// Done returns a channel that is closed when the call has ended.
func (f *Future[Out]) Done() <-chan struct{} {
	f.watched.Store(true)
	return f.done
}

// Result waits for the end of the call and returns its result or error.
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

// Await is Result bounded by ctx. If ctx ends first, the call continues, and
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
// Several callbacks run in the order of their Then. It returns f.
//
// Each fn is called exactly once, during and after a stop too: calls that a
// stop ends, and later calls, end with ErrStopped. Callbacks that are still
// queued when the loop ends run after it, in the same order and one at a time,
// on a goroutine that replaces the loop; Stop does not wait for them. Before
// Start, callbacks wait for the loop to begin.
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

// Cancel ends the call with ErrCanceled: at once if it has not started, else as
// soon as the function returns or its worker is killed.
func (f *Future[Out]) Cancel() {
	f.watched.Store(true)
	if f.call != nil {
		f.pool.Cancel(f.call, context.Canceled)
	}
}

// State returns whether the call is queued, running or done.
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

// PID returns the id of the process that runs or ran the call; 0 if it has not
// reached a process.
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
		f.d.callback(func() { fn(f.outcome()) }) // separately: a panic in one does not affect the others
	}
	if f.p.hooked() {
		f.d.callback(f.hook)
	} else if failed && !f.watched.Load() {
		f.d.events.unheard.Add(f.unheard)
	}
}

// hook calls the pool's hooks.
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

// unheard returns the report of a failure for which the program has not asked.
func (f *Future[Out]) unheard() (where string, err error) {
	if f.watched.Load() {
		return "", nil
	}
	if _, err = f.outcome(); errors.Is(err, ErrCanceled) {
		return "", nil
	}
	return "call of " + f.name + " in pool " + f.p.name, err
}
