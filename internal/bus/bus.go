// Package bus delivers events to handlers. The topic of an event is its Go
// type; the typed API is in the root package. bus.go has the bus, throttle.go a
// handler that is not called too often.
//
// Handlers of a topic are called one after the other on the goroutine that
// emits, by priority, highest first, then in the order in which they were
// added. On, its off, and Topics may be called from any goroutine, also from a
// handler: a running Emit calls the handlers that existed when it began, except
// those removed meanwhile.
package bus

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/internal/where"
)

// A handler returns ErrStop to end the handling of an event: no later handler
// is called, and the emitter skips its default action.
var ErrStop = errors.New("stop propagation")

// Handler handles an event of the topic that it was added for.
type Handler func(ctx context.Context, event any) error

// PanicError is a panic as an error.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the panic's value and place: function, file and line.
func (e *PanicError) Error() string {
	s := fmt.Sprintf("panic: %v", e.Value)
	if at := where.Panicked(string(e.Stack)); at != "" {
		s += ", in " + at
	}
	return s
}

// Protect calls fn and returns its error. A panic of fn becomes a *PanicError.
func Protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// Apart calls fn on a goroutine of its own. The channel yields the error of fn,
// its panic as a *PanicError, or that it ended its goroutine.
func Apart(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("it ended its goroutine")
		defer func() { done <- err }()
		err = Protect(fn)
	}()
	return done
}

// Bus holds the handlers. The zero Bus is ready to use.
type Bus struct {
	mu     sync.RWMutex
	topics map[reflect.Type]*topic
}

type topic struct {
	emitted  atomic.Uint64
	handlers []*entry // replaced, never changed
}

type entry struct {
	priority int
	call     Handler
	once     bool
	off      atomic.Bool
}

// On adds a handler. The function it returns removes the handler.
func (b *Bus) On(t reflect.Type, priority int, h Handler) (off func()) {
	return b.add(t, &entry{priority: priority, call: h})
}

// Once adds a handler that is removed before its first call.
func (b *Bus) Once(t reflect.Type, priority int, h Handler) (off func()) {
	return b.add(t, &entry{priority: priority, call: h, once: true})
}

func (b *Bus) add(t reflect.Type, e *entry) (off func()) {
	b.change(t, func(old []*entry) []*entry {
		at := len(old)
		for at > 0 && old[at-1].priority < e.priority {
			at--
		}
		return slices.Insert(slices.Clone(old), at, e)
	})
	return func() { b.remove(t, e) }
}

// remove removes e, and reports whether e was still there.
func (b *Bus) remove(t reflect.Type, e *entry) bool {
	if e.off.Swap(true) {
		return false
	}
	b.change(t, func(old []*entry) []*entry {
		return slices.DeleteFunc(slices.Clone(old), func(o *entry) bool { return o == e })
	})
	return true
}

func (b *Bus) change(t reflect.Type, f func([]*entry) []*entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	top := b.topic(t)
	top.handlers = f(top.handlers)
}

// topic returns the topic of t. The caller holds the lock.
func (b *Bus) topic(t reflect.Type) *topic {
	if b.topics == nil {
		b.topics = map[reflect.Type]*topic{}
	}
	top := b.topics[t]
	if top == nil {
		top = &topic{}
		b.topics[t] = top
	}
	return top
}

// Count counts an event and reports whether it has handlers, so that the caller
// can skip making an event that has none.
func (b *Bus) Count(t reflect.Type) (handled bool) {
	b.mu.RLock()
	top := b.topics[t]
	b.mu.RUnlock()
	if top == nil {
		b.mu.Lock()
		top = b.topic(t)
		b.mu.Unlock()
	}
	top.emitted.Add(1)
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(top.handlers) > 0
}

// Emit counts event and calls the handlers of its type. stopped says that a
// handler returned ErrStop. err joins the errors of the other handlers, panics
// as *PanicError.
func (b *Bus) Emit(ctx context.Context, t reflect.Type, event any) (stopped bool, err error) {
	if !b.Count(t) {
		return false, nil
	}
	return b.Call(ctx, t, event)
}

// Call is Emit for an event that was counted already.
func (b *Bus) Call(ctx context.Context, t reflect.Type, event any) (stopped bool, err error) {
	b.mu.RLock()
	handlers := b.topics[t].handlers
	b.mu.RUnlock()
	var errs []error
	for _, h := range handlers {
		if h.off.Load() || h.once && !b.remove(t, h) {
			continue
		}
		err := call(ctx, h.call, event)
		if errors.Is(err, ErrStop) {
			return true, errors.Join(errs...)
		}
		errs = append(errs, err)
	}
	return false, errors.Join(errs...)
}

func call(ctx context.Context, h Handler, event any) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return h(ctx, event)
}

// Topic is an event type with its figures.
type Topic struct {
	Type     reflect.Type
	Emitted  uint64
	Handlers int
}

// Topics returns the topics that have had events, or that have handlers, in no
// particular order.
func (b *Bus) Topics() []Topic {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Topic
	for t, top := range b.topics {
		if n := top.emitted.Load(); n > 0 || len(top.handlers) > 0 {
			all = append(all, Topic{t, n, len(top.handlers)})
		}
	}
	return all
}
