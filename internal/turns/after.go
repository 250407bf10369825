package turns

import (
	"errors"
	"sync"

	"github.com/legion-go/legion/internal/bus"
)

// After runs the callbacks that the loop no longer takes, in order and one at a
// time, once the loop has ended. Its method may be called from any goroutine.
type After struct {
	Ended  <-chan struct{} // closed when the loop has ended
	Failed func(error)     // reports a panic, or the end of its goroutine

	mu      sync.Mutex
	waiting []func()
	runs    bool
}

var errGoexit = errors.New("a callback ended its goroutine (runtime.Goexit, or t.FailNow outside its test)")

// Add calls fn after the functions added before.
func (a *After) Add(fn func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, fn)
	if !a.runs {
		a.runs = true
		go a.run() // ends with the last callback
	}
}

func (a *After) run() {
	<-a.Ended
	over := false
	defer func() {
		if !over { // a callback has ended this goroutine: those behind it need another one
			a.Failed(errGoexit)
			go a.run()
		}
	}()
	for {
		a.mu.Lock()
		if len(a.waiting) == 0 {
			a.waiting, a.runs, over = nil, false, true
			a.mu.Unlock()
			return
		}
		fn := a.waiting[0]
		a.waiting[0] = nil
		a.waiting = a.waiting[1:]
		a.mu.Unlock()
		if err := bus.Protect(func() error { fn(); return nil }); err != nil {
			a.Failed(err)
		}
	}
}
