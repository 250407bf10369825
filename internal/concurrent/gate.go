package concurrent

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Gate lets one change at a time through: a reload, an upgrade or a restart.
// Its methods may be called from any goroutine.
type Gate struct {
	queue chan struct{} // holds a value during a change

	mu    sync.Mutex // guards those below
	what  string     // "a reload", for instance; "" if it is too short to tell
	since time.Time
}

// NewGate returns a Gate with no change under way.
func NewGate() *Gate { return &Gate{queue: make(chan struct{}, 1)} }

// Enter waits for the present change to end, and begins another. The caller
// calls leave at its end. If ctx ends first, the error names the present
// change.
func (g *Gate) Enter(ctx context.Context, what string) (leave func(), err error) {
	select {
	case g.queue <- struct{}{}:
	default:
		select {
		case g.queue <- struct{}{}:
		case <-ctx.Done():
			before, since := g.Now()
			if before == "" {
				before = "another change"
			}
			return nil, fmt.Errorf("waiting for %s to end, which has run for %v: %w",
				before, time.Since(since).Round(time.Millisecond), context.Cause(ctx))
		}
	}
	g.set(what)
	return func() {
		g.set("")
		<-g.queue
	}, nil
}

func (g *Gate) set(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.what, g.since = what, time.Now()
}

// Now returns the present change, "" if no change is under way, and when it
// began.
func (g *Gate) Now() (what string, since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.what, g.since
}
