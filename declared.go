package legion

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/legion-go/legion/internal/arena"
	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/codec"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
	"github.com/legion-go/legion/payload"
)

// declaredPool is a declared pool: the same in the daemon and in its workers.
// Only the daemon sets running.
type declaredPool struct {
	d     *Daemon
	name  string
	opts  Pool // as declared; changes at run time are in changed
	fresh bool // a task: one call per process
	spare int  // … and so many that wait for a call
	loops bool // its workers have loops of their own
	funcs []worker.Func
	// buffers says that its functions have Buffers. In a worker, arena is the
	// memory for them, or nil.
	buffers bool
	arena   *arena.Arena
	flight  *recorder.Memory
	// setup makes, in a worker, the state for its functions.
	setup func(ctx context.Context) (state any, err error)

	missing []string                  // what the system cannot hold of its limits and sandbox; set before running
	running atomic.Pointer[pool.Pool] // from Start on

	mu      sync.Mutex
	changed Pool // opts with the changes of Supervisor.Configure
}

// declare adds a pool. Misuse panics: it is a mistake in the program, found at
// its first start.
func (d *Daemon) declare(kind, name string, opts Pool) *declaredPool {
	d.mustDeclare(kind + " " + name)
	if err := text.CheckName(name); err != nil {
		panic(fmt.Sprintf("legion: %s %q: %v", kind, name, err))
	}
	p := &declaredPool{d: d, name: name, opts: opts}
	if d.isWorker() { // the daemon has checked the same, and chosen the transport
		p.opts.Transport = link.Transport(proc.Self().Purpose.Transport)
		p.opts.fill()
	} else if err := p.opts.resolve(); err != nil {
		panic(fmt.Sprintf("legion: %s %q: %v", kind, name, err))
	}
	p.changed = p.opts
	for _, q := range d.declared.pools {
		if q.name == name {
			panic(fmt.Sprintf("legion: %s %q: the name is taken by another function or pool of daemon %s", kind, name, d.config.Name))
		}
	}
	d.declared.pools = append(d.declared.pools, p)
	return p
}

// mustFunc refuses a function that is nil.
func mustFunc(what string, isNil bool) {
	if isNil {
		panic(fmt.Sprintf("legion: %s: the function is nil", what))
	}
}

// endpoint is the caller's side of a function of a pool: how its argument and
// its result travel.
type endpoint[In, Out any] struct {
	p     *declaredPool
	name  string
	index int
	in    *codec.Codec[In]
	out   *codec.Codec[Out]
	// A []byte travels unchanged: without the codec's copies and without a pointer
	// that would move the argument to the heap.
	bytesIn, bytesOut bool
	lentIn            bool // the function gives the memory of its []byte back
	args, results     *reuse.Hint
}

// addFunc declares a function of pool p. Workers call run.
func addFunc[In, Out any](p *declaredPool, kind, name string, run func(ctx context.Context, state any, in In) (Out, error)) endpoint[In, Out] {
	e := newEndpoint[In, Out](p, kind, name)
	p.funcs = append(p.funcs, worker.Func{
		Name: name, Hash: e.hash(), Raw: e.bytesIn && !e.lentIn,
		Call: func(ctx context.Context, state any, arg []byte, buf *[]byte) ([]byte, error) {
			var scope *buffer.Scope
			if e.in.CountBuffers()+e.out.CountBuffers() > 0 {
				ctx, scope = buffer.Begin(ctx)
			}
			defer scope.End()
			in, err := e.decodeIn(scope, arg)
			if err != nil {
				return nil, err
			}
			out, err := run(ctx, state, in)
			if err != nil {
				return nil, err
			}
			if e.bytesOut {
				return *(*[]byte)(unsafe.Pointer(&out)), nil
			}
			encoded, err := e.out.Append(e.results.Room(*buf), &out)
			if err != nil {
				return nil, &worker.RefusedError{Err: fmt.Errorf("the result cannot travel: %w", err)}
			}
			*buf = e.results.Note(*buf, encoded)
			if e.out.CountBuffers() == 0 {
				return *buf, nil
			}
			packed, err := scope.Pack(*buf, e.out.Buffers(&out), p.opts.MaxPayload)
			if err != nil {
				return nil, &worker.RefusedError{Err: err}
			}
			return packed, nil
		},
	})
	return e
}

func newEndpoint[In, Out any](p *declaredPool, kind, name string) endpoint[In, Out] {
	e := endpoint[In, Out]{p: p, name: name, index: len(p.funcs)}
	if e.index == wire.MaxFuncs {
		panic(fmt.Sprintf("legion: %s %q: a pool has at most %d functions", kind, name, wire.MaxFuncs))
	}
	var err error
	if e.in, err = codec.For[In](); err != nil {
		panic(fmt.Sprintf("legion: %s %q: its argument: %v", kind, name, err))
	}
	if e.out, err = codec.For[Out](); err != nil {
		panic(fmt.Sprintf("legion: %s %q: its result: %v", kind, name, err))
	}
	if e.in.CountBuffers()+e.out.CountBuffers() > 0 {
		if p.buffers = true; kind == "stream worker" {
			panic(fmt.Sprintf("legion: %s %q: a *payload.Buffer cannot be part of a stream: use a []byte", kind, name))
		}
	}
	e.bytesIn, e.bytesOut = e.in.Bytes(), e.out.Bytes()
	_, e.lentIn = any((*In)(nil)).(*payload.Lent)
	e.args, e.results = new(reuse.Hint), new(reuse.Hint)
	return e
}

func (e *endpoint[In, Out]) hash() uint64 { return e.in.Hash()*31 + e.out.Hash() }

// decodeIn decodes the argument in a worker, to which a []byte belongs already,
// and a payload.Lent until it answers. Buffers become part of scope.
func (e *endpoint[In, Out]) decodeIn(scope *buffer.Scope, arg []byte) (in In, err error) {
	if e.bytesIn {
		*(*[]byte)(unsafe.Pointer(&in)) = arg
		return in, nil
	}
	if err := e.in.Receive(scope, arg, &in); err != nil {
		return in, &worker.RefusedError{Err: fmt.Errorf("the argument cannot be decoded: %w", err)}
	}
	return in, nil
}

// decoded returns a function that decodes a T. It returns nil if that fails.
func decoded[T any](c *codec.Codec[T]) func([]byte) any {
	return func(b []byte) any {
		var v T
		if c.Decode(b, &v) != nil {
			return nil
		}
		return v
	}
}

// encodeIn puts the argument into the call, which owns its Buffers from then
// on.
func (e *endpoint[In, Out]) encodeIn(c *pool.Call, in In) error {
	c.In = e.in.TakeBuffers(&in)
	encoded, err := e.in.Append(e.args.Room(c.Encoded), &in)
	if err != nil {
		return e.refuse("the argument cannot travel: %w", err)
	}
	c.Encoded = e.args.Note(c.Encoded, encoded)
	return e.setArg(c, c.Encoded)
}

// setArg fills in the supervisor's fields.
func (e *endpoint[In, Out]) setArg(c *pool.Call, arg []byte) error {
	c.Func, c.Payload, c.Results = e.index, arg, e.out.CountBuffers()
	c.Raw = e.bytesOut || c.Results > 0
	if limit := e.p.opts.MaxPayload; int64(c.Size()) > limit {
		return e.refuse("the argument: %w; raise Pool.MaxPayload, or pass a path instead", &wire.TooLarge{Size: int64(c.Size()), Limit: limit})
	}
	return nil
}

func (e *endpoint[In, Out]) refuse(format string, cause error) error {
	return &WorkerError{Pool: e.p.name, Func: e.name, ExitCode: -1, kind: ErrRefused, cause: cause, detail: fmt.Errorf(format, cause).Error()}
}

// decodeOut returns the result of an ended call.
func (e *endpoint[In, Out]) decodeOut(c *pool.Call, cause error) (out Out, err error) {
	if c.Kind != pool.OK {
		return out, failure(e.p.name, e.name, c, cause)
	}
	if e.bytesOut {
		*(*[]byte)(unsafe.Pointer(&out)) = c.Data
		return out, nil
	}
	return e.decode(c.Data, c.Out)
}

// decode decodes a result with its Buffers. It has a result variable of its
// own, so that decodeOut's stays off the heap in a []byte call.
func (e *endpoint[In, Out]) decode(data []byte, buffers []*buffer.Buffer) (out Out, err error) {
	if err := e.out.Decode(data, &out); err != nil {
		return out, e.refuse("the result cannot be decoded: %w", err)
	}
	e.out.SetBuffers(&out, buffers)
	return out, nil
}

// pool returns the running pool, or an error before the start. After the
// daemon's end it still returns the pool, which then refuses calls.
func (p *declaredPool) pool() (*pool.Pool, error) {
	if running := p.running.Load(); running != nil {
		return running, nil
	}
	return nil, &WorkerError{Pool: p.name, Func: p.name, ExitCode: -1, kind: ErrStopped, detail: p.d.whyNot()}
}

// kind returns the kind of the pool, for status and statistics.
func (p *declaredPool) kind() string {
	switch {
	case p.fresh:
		return "task"
	case p.loops:
		return "loop"
	case len(p.funcs) == 1 && p.funcs[0].Stream != nil:
		return "stream"
	}
	return "worker"
}
