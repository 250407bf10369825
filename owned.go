package legion

import (
	"slices"
	"strings"
	"sync"
)

// ownedWork are goroutines and calls that end with the daemon, by what they do:
// a stop waits for them, and names those that have not ended.
type ownedWork struct {
	mu    sync.Mutex
	what  []string
	empty chan struct{} // closed when nothing is left; nil if nothing waits for that
}

// Go calls f on a goroutine of its own.
func (o *ownedWork) Go(what string, f func()) {
	end := o.begin(what)
	go func() {
		defer end()
		f()
	}()
}

// begin adds what this goroutine does now; the caller calls end after it.
func (o *ownedWork) begin(what string) (end func()) {
	o.mu.Lock()
	o.what = append(o.what, what)
	o.mu.Unlock()
	return func() {
		o.mu.Lock()
		i := slices.Index(o.what, what)
		if o.what = slices.Delete(o.what, i, i+1); len(o.what) == 0 && o.empty != nil {
			close(o.empty)
			o.empty = nil
		}
		o.mu.Unlock()
	}
}

// ended returns a channel that is closed when nothing is left. It is no WaitGroup,
// because a start may still begin something while a stop waits.
func (o *ownedWork) ended() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.empty == nil {
		o.empty = make(chan struct{})
	}
	empty := o.empty
	if len(o.what) == 0 {
		close(o.empty)
		o.empty = nil
	}
	return empty
}

// left lists what has not ended.
func (o *ownedWork) left() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.what, ", ")
}
