package turns

import (
	"sync"
	"time"
)

const (
	// unheardGrace is how long a program has, after the end of a call, to ask for
	// its result: it may do so in the very next line.
	unheardGrace = 100 * time.Millisecond

	// maxUnheard bounds the failures that wait for that; more are only counted.
	maxUnheard = 1024

	// maxUnheardReports bounds the reports of them that wait for the loop.
	maxUnheardReports = 16
)

// Failure returns the error to report for a failed call, nil if the program has
// asked for the call's result.
type Failure func() (where string, err error)

// Unheard keeps failures for one to two graces of 100 ms. It reports those for
// which the program has not asked by then. Its methods may be called from any
// goroutine.
type Unheard struct {
	Queue *Queue // gets the reports
	// Report reports a failure, and More the number of failures beyond the kept
	// ones. On the loop.
	Report func(where string, err error)
	More   func(n int)

	mu         sync.Mutex
	fresh, old []Failure
	more       int  // beyond maxUnheard
	armed      bool // look will be called
}

// Add adds a failure.
func (u *Unheard) Add(f Failure) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.fresh) == maxUnheard {
		u.more++
	} else {
		u.fresh = append(u.fresh, f)
	}
	if !u.armed {
		u.armed = true
		time.AfterFunc(unheardGrace, u.look)
	}
}

// look reports the failures whose grace is over.
func (u *Unheard) look() {
	u.mu.Lock()
	over, more := u.old, 0
	if u.old, u.fresh = u.fresh, nil; len(u.old) > 0 {
		time.AfterFunc(unheardGrace, u.look)
	} else {
		u.armed = false
		more, u.more = u.more, 0
	}
	u.mu.Unlock()
	u.Queue.Add("failures of calls made with Go", maxUnheardReports, func() { u.report(over, more) })
}

// End reports all that are left, before the loop ends.
func (u *Unheard) End() {
	u.mu.Lock()
	over, more := append(u.old, u.fresh...), u.more
	u.old, u.fresh, u.more = nil, nil, 0
	u.mu.Unlock()
	u.Queue.Post(func() { u.report(over, more) })
}

// report runs on the loop.
func (u *Unheard) report(over []Failure, more int) {
	for _, f := range over {
		if where, err := f(); err != nil {
			u.Report(where, err)
		}
	}
	if more > 0 {
		u.More(more)
	}
}
