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
	ended map[string]Tally
}

// Tally counts the changes of one kind that have ended.
type Tally struct{ OK, Failed uint64 }

// NewGate returns a Gate with no change under way.
func NewGate() *Gate { return &Gate{queue: make(chan struct{}, 1), ended: map[string]Tally{}} }

// Enter waits for the present change to end, and begins another. The caller
// calls leave at its end, with its error. If ctx ends first, the error names
// the present change.
func (g *Gate) Enter(ctx context.Context, what string) (leave func(error), err error) {
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
	return func(err error) {
		g.count(what, err)
		g.set("")
		<-g.queue
	}, nil
}

func (g *Gate) set(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.what, g.since = what, time.Now()
}

func (g *Gate) count(what string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.ended[what]
	if err == nil {
		n.OK++
	} else {
		n.Failed++
	}
	g.ended[what] = n
}

// Ended returns how many changes of a kind have ended.
func (g *Gate) Ended(what string) Tally {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended[what]
}

// Now returns the present change, "" if no change is under way, and when it
// began.
func (g *Gate) Now() (what string, since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.what, g.since
}
