package legion

import (
	"slices"
	"strings"
	"sync"
)

// ownedWork are goroutines and calls that end with the daemon, by what they do:
// a stop waits for them, and names those that have not ended.
type ownedWork struct {
	all sync.WaitGroup

	mu   sync.Mutex
	what []string
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
	o.all.Add(1)
	o.mu.Lock()
	o.what = append(o.what, what)
	o.mu.Unlock()
	return func() {
		o.mu.Lock()
		i := slices.Index(o.what, what)
		o.what = slices.Delete(o.what, i, i+1)
		o.mu.Unlock()
		o.all.Done()
	}
}

// left lists what has not ended.
func (o *ownedWork) left() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.what, ", ")
}
