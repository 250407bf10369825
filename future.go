package legion

import (
	"context"
	"sync"

	"github.com/legion-go/legion/internal/pool"
)

// Future is a result that is still to come. Its methods may be used from any
// goroutine.
type Future[Out any] struct {
	d    *Daemon
	p    *declaration
	name string
	call *pool.Call // nil if the call was never submitted
	pool *pool.Pool
	done chan struct{}

	once    sync.Once
	resolve func() (Out, error)
	out     Out
	err     error

	mu       sync.Mutex
	finished bool
	claimed  bool // somebody has called Then: the pool's hooks are not for this one
	then     []func(Out, error)
}

// Done is closed when the call has ended.
func (f *Future[Out]) Done() <-chan struct{} { return f.done }

// Result waits for the end of the call and returns what it gave.
func (f *Future[Out]) Result() (Out, error) {
	<-f.done
	f.once.Do(func() {
		f.out, f.err = f.resolve()
		f.resolve = nil
	})
	return f.out, f.err
}

// Await is Result bounded by ctx. When ctx ends first the call goes on, and Await
// returns the error of ctx.
func (f *Future[Out]) Await(ctx context.Context) (Out, error) {
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

// Then has fn called with the result, on the daemon's loop, once the call has
// ended. Several are called in the order in which they were given. It returns f.
func (f *Future[Out]) Then(fn func(Out, error)) *Future[Out] {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claimed = true
	if f.finished {
		f.d.post(func() { fn(f.Result()) })
	} else {
		f.then = append(f.then, fn)
	}
	return f
}

// Cancel ends the call with ErrCanceled: at once if it has not been started,
// else as soon as the function obeys or its worker is killed.
func (f *Future[Out]) Cancel() {
	if f.call != nil {
		f.pool.Cancel(f.call, context.Canceled)
	}
}

// State says where the call is.
func (f *Future[Out]) State() CallState {
	select {
	case <-f.done:
		return CallDone
	default:
	}
	if f.pool.WorkerOf(f.call) != 0 {
		return CallRunning
	}
	return CallQueued
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

// CallState is the state of a call made with Go.
type CallState int

const (
	CallQueued  CallState = iota // waits for a worker
	CallRunning                  // is in a worker
	CallDone                     // has ended
)

func (s CallState) String() string { return [...]string{"queued", "running", "done"}[s] }

// finish is called once, when the call has ended.
func (f *Future[Out]) finish() {
	close(f.done)
	f.mu.Lock()
	then := f.then
	f.finished, f.then = true, nil
	f.mu.Unlock()
	for _, fn := range then {
		f.d.post(func() { fn(f.Result()) }) // each by itself: the panic of one is not the other's
	}
	if len(then) == 0 && f.p.hooked() {
		f.d.post(f.hook)
	}
}

// hook tells the pool's hooks, unless Then was called after the call had ended.
func (f *Future[Out]) hook() {
	f.mu.Lock()
	claimed := f.claimed
	f.mu.Unlock()
	if !claimed {
		out, err := f.Result()
		f.p.hook(f.name, out, err)
	}
}

func (p *declaration) hooked() bool {
	return p.opts.OnReturn != nil || p.opts.OnDied != nil || p.opts.OnTimeout != nil
}
