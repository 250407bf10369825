// Package pace bounds how much of a kind is told: complaints about clients,
// refusals, the output of a worker that writes without end. What is left out is
// counted, and the count is told.
//
// pace.go: a [Limit] is for one source. set.go: a [Set] holds those that still
// have something to tell, for the end of the log that they tell it in.
//
// All methods may be called from any goroutine.
package pace

import (
	"sync"
	"time"
)

// Limit lets through what comes from one source at a bounded pace. It is a
// bucket of tokens. When it is empty, everything is left out for a pause, so
// that the record which says how much is one among many.
type Limit struct {
	options Options

	telling chan struct{} // has an element while Tell is called; taken before mu

	mu     sync.Mutex
	tokens float64
	at     time.Time   // when tokens were counted
	left   uint64      // left out in this pause; 0 if there is none
	pause  *time.Timer // ends it
}

// Options are what a [Limit] is made of. All but Set are needed.
type Options struct {
	Burst float64       // how much is let through at once
	Rate  float64       // and in a second, after that
	Pause time.Duration // how long everything is left out once there was too much

	// Tell is told at the end of a pause how often [Limit.Take] has said no in it.
	// It is called on a goroutine of its own, or on that of Flush, once at a time;
	// it may be slow, and must not call Flush.
	Tell func(left uint64)

	// Set is told of the limit while it has something to tell. nil: no other
	// needs to know.
	Set *Set
}

// New makes a limit with a full bucket.
func New(o Options) *Limit {
	return &Limit{options: o, telling: make(chan struct{}, 1), tokens: o.Burst, at: time.Now()}
}

// Take reports whether something may be told that counts as so many. It does
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

// Flush ends a pause now. It returns once what was left out in it has been
// told, by another goroutine perhaps.
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
	if l.left == 0 { // else the next pause has begun
		l.options.Set.remove(l)
	}
}
