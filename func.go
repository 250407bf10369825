package legion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	p := d.declare("worker", name, opts)
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
func (f *Func[In, Out]) Call(ctx context.Context, in In) (Out, error) { return f.call(ctx, in, nil) }

// CallInto is Call for large results: a []byte result goes into the memory of
// *out, from its first byte to its capacity, if there is room, else into new
// memory. Either way *out is then the result, whose memory the next CallInto
// can use again. From 16 KiB up that is several times as fast as new memory for
// each result; see package payload for the memory of the function.
//
// If *out has memory, nothing else may use it before CallInto returns, and no
// part of it may be in the argument. After an error *out is the same slice, and
// its bytes are undefined. Results of other types are decoded into new memory,
// as by Call; so are all results if Pool.OnEnd is set.
func (f *Func[In, Out]) CallInto(ctx context.Context, in In, out *Out) error {
	var memory []byte
	if f.bytesOut {
		memory = *(*[]byte)(unsafe.Pointer(out))
	}
	result, err := f.call(ctx, in, memory)
	if err == nil {
		*out = result
	}
	return err
}

// call is Call; a []byte result goes into the memory of into, if it has any.
func (f *Func[In, Out]) call(ctx context.Context, in In, into []byte) (Out, error) {
	if f.p.opts.OnEnd != nil { // a future calls it; the other hooks are not for this call
		return f.begin(ctx, in, true).Result()
	}
	c := pool.TakeCall()
	var err error
	if f.bytesIn {
		err = f.setArg(c, *(*[]byte)(unsafe.Pointer(&in)))
	} else {
		err = f.encodeIn(c, in)
	}
	c.Into = into
	if err == nil {
		err = f.do(ctx, c)
	}
	if err != nil {
		var none Out
		c.Recycle()
		return none, err
	}
	out, err := f.decodeOut(c, ctx.Err())
	c.Recycle()
	return out, err
}

// do runs a prepared call.
func (f *Func[In, Out]) do(ctx context.Context, c *pool.Call) error {
	p, err := f.p.pool()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return f.ended(err, beforeCall)
	}
	p.Do(ctx, c)
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
	c := pool.NewCall()
	var err error
	if f.bytesIn {
		err = f.setArg(c, bytes.Clone(*(*[]byte)(unsafe.Pointer(&in))))
	} else {
		err = f.encodeIn(c, in)
	}
	if err == nil && f.p.opts.OnEnd != nil {
		fut.arg = func() any { return decoded(f.in)(c.Payload) } // the caller may have changed the original
	}
	var p *pool.Pool
	if err == nil {
		p, err = f.p.pool()
	}
	if err == nil && ctx.Err() != nil {
		err = f.ended(ctx.Err(), beforeCall)
	}
	if err != nil {
		c.Reset()
		fut.resolve = func() (out Out, _ error) { return out, err }
		fut.finish(true)
		return fut
	}
	fut.call, fut.pool = c, p
	fut.resolve = func() (Out, error) { return f.decodeOut(c, ctx.Err()) }
	p.Go(ctx, c, func(c *pool.Call) { fut.finish(c.Kind != pool.OK) })
	return fut
}

// Inline runs the function in this process, in the calling goroutine: without
// protection, also that of Pool.Sandbox, and without the cost of transport. For
// a function made by Handle, the first use makes the daemon's own value.
func (f *Func[In, Out]) Inline(ctx context.Context, in In) (Out, error) { return f.inline(ctx, in) }

// Name returns the name of the function.
func (f *Func[In, Out]) Name() string { return f.name }

// Pool returns the supervisor of the function's pool.
func (f *Func[In, Out]) Pool() *Supervisor { return &Supervisor{f.p} }
