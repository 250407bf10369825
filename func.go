package legion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/pool"
)

// Func is a function that runs in the worker processes of a pool, made by
// Worker, Handle or Task. Its methods may be used from any goroutine of the
// daemon's process.
type Func[In, Out any] struct {
	endpoint[In, Out]
	inline func(context.Context, In) (Out, error)
}

// Worker declares fn as a function that runs in worker processes of its own
// pool, which has the same name. In and Out must be types whose values can
// travel to another process: basic kinds, structs (their exported fields),
// slices, arrays, maps, pointers, time.Time and types that marshal themselves
// to binary or text; json.RawMessage for JSON of any shape, since interfaces do
// not travel. Worker panics if a type cannot travel, and the message names the
// field.
func Worker[In, Out any](d *Daemon, name string, fn func(context.Context, In) (Out, error), opts Pool) *Func[In, Out] {
	mustFunc(fmt.Sprintf("worker %q", name), fn == nil)
	p := d.declare("worker", name, opts, false)
	e := addFunc(p, "worker", name, func(ctx context.Context, _ any, in In) (Out, error) { return fn(ctx, in) })
	return offer("worker", &Func[In, Out]{endpoint: e, inline: fn})
}

// Call runs the function in a worker and waits for its result. The error is a
// *[RemoteError] if the function returned an error, else a *[WorkerError].
//
// When ctx ends, the function's context ends too, and Call returns when the
// function does: at the latest after Pool.KillGrace and the time it takes to
// kill a process. After Call has returned, the function no longer runs. If the
// function still finishes, Call returns its result.
//
// A []byte argument must not be changed before Call returns.
func (f *Func[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	if f.p.opts.OnEnd != nil { // a future calls it; the other hooks are not for this call
		return f.begin(ctx, in, true).Result()
	}
	c := calls.Get().(*call)
	var err error
	if f.bytesIn {
		err = f.setArg(c, *(*[]byte)(unsafe.Pointer(&in)))
	} else {
		err = f.encodeIn(c, in)
	}
	if err == nil {
		err = f.do(ctx, c)
	}
	if err != nil {
		var none Out
		c.recycle()
		return none, err
	}
	out, err := f.decodeOut(c.Call, ctx.Err())
	c.recycle()
	return out, err
}

// do runs a prepared call.
func (f *Func[In, Out]) do(ctx context.Context, c *call) error {
	p, err := f.p.pool()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return f.ended(err, beforeCall)
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Limit = max(time.Until(deadline), 1)
	}
	p.Do(ctx, c.Call)
	return nil
}

// beforeCall is the detail of an error of ended.
const beforeCall = "the caller's context had ended before the call"

// ended is the error of a call that only its caller's context has ended.
func (e *endpoint[In, Out]) ended(cause error, detail string) error {
	err := &WorkerError{Pool: e.p.name, Func: e.name, ExitCode: -1, kind: ErrCanceled, cause: cause, detail: detail}
	if errors.Is(cause, context.DeadlineExceeded) {
		err.kind = ErrTimeout
	}
	return err
}

// Go runs the function in a worker and returns at once. ctx bounds the whole
// call. The future returns every failure, including a full queue; a failure for
// which the program does not ask is logged, see [Future].
func (f *Func[In, Out]) Go(ctx context.Context, in In) *Future[Out] { return f.begin(ctx, in, false) }

// begin is Go. claimed says that a caller waits for the end of the call.
func (f *Func[In, Out]) begin(ctx context.Context, in In, claimed bool) *Future[Out] {
	fut := &Future[Out]{d: f.p.d, p: f.p, name: f.name, done: make(chan struct{}), claimed: claimed}
	c := &call{Call: pool.NewCall()}
	var err error
	if f.bytesIn {
		err = f.setArg(c, bytes.Clone(*(*[]byte)(unsafe.Pointer(&in))))
	} else {
		err = f.encodeIn(c, in)
	}
	if err == nil && f.p.opts.OnEnd != nil {
		fut.arg = func() any { return f.argument(c.Payload) }
	}
	var p *pool.Pool
	if err == nil {
		p, err = f.p.pool()
	}
	if err == nil && ctx.Err() != nil {
		err = f.ended(ctx.Err(), beforeCall)
	}
	if err != nil {
		fut.resolve = func() (out Out, _ error) { return out, err }
		fut.finish(true)
		return fut
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Limit = max(time.Until(deadline), 1)
	}
	fut.call, fut.pool = c.Call, p
	fut.resolve = func() (Out, error) { return f.decodeOut(c.Call, ctx.Err()) }
	unwatch := func() bool { return true }
	if ctx.Done() != nil {
		unwatch = context.AfterFunc(ctx, func() { p.Cancel(c.Call, ctx.Err()) })
	}
	c.OnEnd = func(c *pool.Call) {
		unwatch()
		fut.finish(c.Kind != pool.OK)
	}
	p.Submit(c.Call)
	return fut
}

// Inline runs the function in this process, in the calling goroutine: without
// protection, and without the cost of transport. For a function made by Handle,
// the first use makes the daemon's own value.
func (f *Func[In, Out]) Inline(ctx context.Context, in In) (Out, error) { return f.inline(ctx, in) }

// Name returns the name of the function.
func (f *Func[In, Out]) Name() string { return f.name }

// Pool returns the supervisor of the function's pool.
func (f *Func[In, Out]) Pool() *Supervisor { return &Supervisor{f.p} }
