// Package concurrent keeps what a daemon does beside its loop.
//
//   - group.go: Group, goroutines that end with the daemon
//   - gate.go: Gate, changes one at a time
//   - shared.go: Shared, a change for several callers
package concurrent

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Group holds goroutines and calls that end with the daemon, by what they do: a
// stop waits for them, and names the ones that have not ended. The zero Group
// is empty. Its methods may be called from any goroutine.
type Group struct {
	mu    sync.Mutex
	what  []string
	empty chan struct{} // closed when nothing is left; nil if no goroutine waits for that
}

// Go calls f on a goroutine of its own.
func (g *Group) Go(what string, f func()) {
	end := g.Begin(what)
	go func() {
		defer end()
		f()
	}()
}

// Begin adds the present work of this goroutine. The caller calls end after it.
func (g *Group) Begin(what string) (end func()) {
	g.mu.Lock()
	g.what = append(g.what, what)
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		i := slices.Index(g.what, what)
		if g.what = slices.Delete(g.what, i, i+1); len(g.what) == 0 && g.empty != nil {
			close(g.empty)
			g.empty = nil
		}
		g.mu.Unlock()
	}
}

// ended returns a channel that is closed when nothing is left. A WaitGroup does
// not fit, because a start may still begin something while a stop waits.
func (g *Group) ended() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	if len(g.what) == 0 {
		close(g.empty)
		g.empty = nil
	}
	return empty
}

// Wait waits until nothing is left, or until a moment after the end of ctx. It
// returns what is left, "" for nothing.
func (g *Group) Wait(ctx context.Context) (left string) {
	if Ended(ctx, g.ended()) {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.what, ", ")
}

// EndGrace is for goroutines that were told to end: they may not have been
// scheduled yet when no time is left.
const EndGrace = 100 * time.Millisecond

// Ended waits until ended is closed, at most until EndGrace after the end of
// ctx, and reports whether it is.
func Ended(ctx context.Context, ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	case <-ctx.Done():
	}
	late := time.NewTimer(EndGrace)
	defer late.Stop()
	select {
	case <-ended:
		return true
	case <-late.C:
		return false
	}
}

// Done is Ended for a WaitGroup.
func Done(ctx context.Context, all *sync.WaitGroup) bool {
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	return Ended(ctx, ended)
}
