package signals

import (
	"context"
	"sync"
)

// Wishes are what signals ask for and take long, by name. However often one is
// asked for, one is under way and one follows it. The zero Wishes is empty. Its
// methods may be called from any goroutine.
type Wishes struct {
	mu       sync.Mutex
	open     map[string]int // not done yet
	deferred map[string]func(context.Context) error
}

// Add notes a wish. One that comes during the start is deferred. enough reports
// that it has been asked for before, and has not begun since.
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

// Done notes that a wish was fulfilled, or could not be.
func (w *Wishes) Done(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[what]--
}

// Open returns how often something is asked for and not done.
func (w *Wishes) Open(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[what]
}

// Deferred returns, once, what came during the start.
func (w *Wishes) Deferred() map[string]func(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	deferred := w.deferred
	w.deferred = map[string]func(context.Context) error{}
	return deferred
}
