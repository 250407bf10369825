package legion

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/legion-go/legion/internal/text"
)

// Workers is a pool whose worker processes each hold one T.
type Workers[T any] struct {
	*Supervisor
	make func(context.Context) (*T, error)

	mu   sync.Mutex
	here *T // for Inline
}

// NewWorkers declares a pool whose worker processes each make one T with newT
// before they serve, and keep it: a model, a connection, a cache. If *T has a
// method Close() error, the worker calls it when it ends regularly. An error of
// newT ends the worker; when the daemon starts, Start returns it. [Handle] adds
// functions.
//
// If *T has a method Loop(context.Context) error, each worker has a loop of its
// own: it calls Loop repeatedly, at the interval Pool.LoopEvery, and serves
// calls between the iterations. An error of Loop becomes a Failure event in the
// daemon, and the loop continues after a pause, which doubles from 10 ms to 10
// s while Loop keeps failing. [EndLoop] ends the loop and the worker; a panic
// kills the worker. Pool.OnExit says what the end of a worker means. Pause
// holds the loops too. With Loop, Max defaults to Min, and Concurrency must be
// 1.
func NewWorkers[T any](d *Daemon, name string, newT func(context.Context) (*T, error), opts Pool) *Workers[T] {
	loops := reflect.TypeFor[*T]().Implements(reflect.TypeFor[looper]())
	if loops {
		opts.Min = cmp.Or(opts.Min, 1)
		opts.Max = cmp.Or(opts.Max, opts.Min)
		if opts.Concurrency > 1 {
			panic(fmt.Sprintf("legion: pool %q: Pool.Concurrency is %d, but its workers have a Loop, and serve calls between its iterations: leave it at 1", name, opts.Concurrency))
		}
	}
	mustFunc(fmt.Sprintf("pool %q", name), newT == nil)
	p := d.declare("pool", name, opts)
	p.loops = loops
	p.setup = func(ctx context.Context) (any, error) {
		t, err := newT(ctx)
		if err == nil && t == nil {
			err = fmt.Errorf("it returned neither a value nor an error")
		}
		return t, err
	}
	return &Workers[T]{Supervisor: &Supervisor{p}, make: newT}
}

// looper is a T with a loop of its own.
type looper interface {
	Loop(context.Context) error
}

// Handle declares a method of T, or a function with the same parameters, as a
// function of the pool. With Pool.Concurrency above 1 it must be safe for
// concurrent use.
func Handle[T, In, Out any](w *Workers[T], name string, method func(*T, context.Context, In) (Out, error)) *Func[In, Out] {
	p := w.p
	p.d.mustDeclare("handle " + name)
	mustFunc(fmt.Sprintf("handle %q", name), method == nil)
	if err := text.CheckName(name); err != nil {
		panic(fmt.Sprintf("legion: handle %q: %v", name, err))
	}
	for _, f := range p.funcs {
		if f.Name == name {
			panic(fmt.Sprintf("legion: handle %q: pool %s has a function of that name", name, p.name))
		}
	}
	e := addFunc(p, "handle", name, func(ctx context.Context, state any, in In) (Out, error) {
		return method(state.(*T), ctx, in)
	})
	inline := func(ctx context.Context, in In) (Out, error) {
		t, err := w.local(ctx)
		if err != nil {
			var none Out
			return none, err
		}
		return method(t, ctx, in)
	}
	return offer("worker", &Func[In, Out]{endpoint: e, inline: inline})
}

// local returns the T of this process, for Inline.
func (w *Workers[T]) local(ctx context.Context) (*T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.here != nil {
		return w.here, nil
	}
	t, err := w.make(ctx)
	if err != nil {
		return nil, fmt.Errorf("legion: making a %T for use inline: %w", t, err)
	}
	w.here = t
	w.p.d.life.AtEnd(func() error { return closeState(t) })
	return t, nil
}

// closeState calls Close if state has it.
func closeState(state any) error {
	if c, ok := state.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
