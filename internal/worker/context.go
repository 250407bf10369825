package worker

import (
	"context"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/payload"
)

// callContext is the context of one call. The daemon watches the deadline and
// sends a cancel, so the context needs no timer. The channel is made only when
// the function asks for it: most functions return without using it.
//
// It has the AfterFunc method that package context looks for, so that contexts
// derived from it need no goroutine.
type callContext struct {
	context.Context // values
	call            uint32
	deadline        time.Time

	mu    sync.Mutex
	err   error
	done  chan struct{}
	after map[*func()]struct{}

	scratch [][]byte // given to the function
}

func (c *callContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		if c.err != nil {
			c.done = closed
		} else {
			c.done = make(chan struct{})
		}
	}
	return c.done
}

func (c *callContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// AfterFunc calls f in a new goroutine when the context ends.
func (c *callContext) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	if c.after == nil {
		c.after = map[*func()]struct{}{}
	}
	key := &f
	c.after[key] = struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waiting := c.after[key]
		delete(c.after, key)
		return waiting
	}
}

// cancel ends the context, if it has not ended yet.
func (c *callContext) cancel(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	if c.done != nil {
		close(c.done)
	}
	for f := range c.after {
		go (*f)()
	}
	c.after = nil
}

func causeError(c wire.Cause) error {
	if c == wire.CauseTimeout {
		return context.DeadlineExceeded
	}
	return context.Canceled
}

type callKey struct{}

// Value returns the number of the call, its memory or a value of the process.
func (c *callContext) Value(key any) any {
	switch key {
	case callKey{}:
		return c.call
	case contextKey{}:
		return c
	case (*payload.Lent)(nil):
		return c
	}
	return c.Context.Value(key)
}

// Scratch is payload.Scratch.
func (c *callContext) Scratch(n int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return make([]byte, 0, n)
	}
	b := reuse.Get(n)
	c.scratch = append(c.scratch, b)
	return b
}

// release takes the scratch memory of an answered call back.
func (c *callContext) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.scratch {
		reuse.Put(b)
	}
	c.scratch = nil
}

// Call returns the number of the call whose context ctx is, or 0.
func Call(ctx context.Context) uint32 {
	id, _ := ctx.Value(callKey{}).(uint32)
	return id
}
