package legion

import (
	"context"
	"fmt"
	"sync"
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
// method Close() error, it is called when the worker leaves in good order. An
// error of newT ends the worker; at the start of the daemon it is the error of
// Start. Functions are added with [Handle].
func NewWorkers[T any](d *Daemon, name string, newT func(context.Context) (*T, error), opts Pool) *Workers[T] {
	p := d.declare("pool", name, opts, false)
	p.setup = func(ctx context.Context) (any, error) {
		t, err := newT(ctx)
		if err == nil && t == nil {
			err = fmt.Errorf("it returned neither a value nor an error")
		}
		return t, err
	}
	return &Workers[T]{Supervisor: &Supervisor{p}, make: newT}
}

// Handle declares a method of T, or any function of that shape, as a function of
// the pool. With Pool.Concurrency above 1 it must be safe for concurrent use.
func Handle[T, In, Out any](w *Workers[T], name string, method func(*T, context.Context, In) (Out, error)) *Func[In, Out] {
	p := w.p
	p.d.mustDeclare("handle " + name)
	if err := checkName(name); err != nil {
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
	return &Func[In, Out]{endpoint: e, inline: inline}
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
	w.p.d.atEnd(func() error { return closeState(t) })
	return t, nil
}

// closeState calls Close where there is one.
func closeState(state any) error {
	if c, ok := state.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
