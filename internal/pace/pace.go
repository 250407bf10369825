// Package pace bounds how much of a kind is logged: complaints about clients,
// refusals, the output of a worker that writes without end. It counts the rest,
// and reports the count.
//
// pace.go: a [Limit] is for one source. set.go: a [Set] holds the limits that
// still have a count to report, for the end of their log.
//
// All methods may be called from any goroutine.
package pace

import (
	"sync"
	"time"
)

// Limit passes what comes from one source at a bounded pace. It is a token
// bucket. When it is empty, everything is left out for a pause, so that the
// records which report the count stay few.
type Limit struct {
	options Options

	telling chan struct{} // has an element while Tell runs; taken before mu

	mu     sync.Mutex
	tokens float64
	at     time.Time   // when tokens were counted
	left   uint64      // left out in this pause; 0 outside a pause
	pause  *time.Timer // ends it
}

// Options configure a [Limit]. All but Set are required.
type Options struct {
	Burst float64       // how much passes at once
	Rate  float64       // and per second after that
	Pause time.Duration // how long everything is left out after there was too much

	// Tell is called at the end of a pause with the number of times that
	// [Limit.Take] returned false in it. It runs on a goroutine of its own, or on
	// the caller's of Flush, one call at a time; it may be slow, and must not call
	// Flush.
	Tell func(left uint64)

	// Set holds the limit while it has a count to report. May be nil.
	Set *Set
}

// New makes a limit with a full bucket.
func New(o Options) *Limit {
	return &Limit{options: o, telling: make(chan struct{}, 1), tokens: o.Burst, at: time.Now()}
}

// Take reports whether something that counts as price may be logged. It does
// not wait.
func (l *Limit) Take(price int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 0 {
		now := time.Now()
		l.tokens = min(l.options.Burst, l.tokens+now.Sub(l.at).Seconds()*l.options.Rate)
		l.at = now
		if l.tokens >= float64(price) {
			l.tokens -= float64(price)
			return true
		}
		l.pause = time.AfterFunc(l.options.Pause, l.Flush)
		l.options.Set.add(l)
	}
	l.left++
	return false
}

// Flush ends a pause now. It returns once its count has been reported, perhaps
// by another goroutine.
func (l *Limit) Flush() {
	l.telling <- struct{}{}
	defer func() { <-l.telling }()
	l.mu.Lock()
	left := l.left
	l.left = 0
	if l.pause != nil {
		l.pause.Stop()
	}
	l.mu.Unlock()
	if left > 0 {
		l.options.Tell(left)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 0 { // otherwise the next pause has begun
		l.options.Set.remove(l)
	}
}
