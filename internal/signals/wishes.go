package signals

import (
	"context"
	"sync"
)

// Wishes are the slow works that signals ask for, by name. However many times
// one is asked for, one run is under way and one follows it. The zero Wishes is
// empty. Its methods may be called from any goroutine.
type Wishes struct {
	mu       sync.Mutex
	open     map[string]int // not done yet
	deferred map[string]func(context.Context) error
}

// Add records a wish. One that comes during the start is deferred. enough
// reports that it was asked for before, and has not begun since.
func (w *Wishes) Add(what string, do func(context.Context) error, starting bool) (enough bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open, w.deferred = map[string]int{}, map[string]func(context.Context) error{}
	}
	enough = w.open[what] == 2 || starting && w.open[what] == 1
	if !enough {
		w.open[what]++
	}
	if starting {
		w.deferred[what] = do
	}
	return enough
}

// Done records that a wish was fulfilled, or failed.
func (w *Wishes) Done(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[what]--
}

// Open returns how many wishes of a name are not done.
func (w *Wishes) Open(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[what]
}

// Deferred returns, once, the wishes that came during the start.
func (w *Wishes) Deferred() map[string]func(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	deferred := w.deferred
	w.deferred = map[string]func(context.Context) error{}
	return deferred
}
