package legion

import (
	"sync"
	"time"
)

// limitPause is how long everything is dropped once there were too many.
const limitPause = time.Second

// recordLimit bounds the records that one source, a worker or a loop that fails,
// brings into the log. It is a bucket of tokens. When it is empty, all records are
// dropped for a while, so that the one that says how many is one among many.
type recordLimit struct {
	logs        *logs
	rate, burst float64 // records per second, and at once
	tell        func(records uint64)

	telling sync.Mutex // held while tell is called, and taken before mu

	mu      sync.Mutex
	tokens  float64
	at      time.Time // when tokens were counted
	dropped uint64    // in this pause; 0 if there is none
	pause   *time.Timer
}

func newRecordLimit(l *logs, rate, burst float64, tell func(records uint64)) *recordLimit {
	return &recordLimit{logs: l, rate: rate, burst: burst, tell: tell, tokens: burst, at: time.Now()}
}

// take reports whether a record is to be logged that counts as so many.
func (l *recordLimit) take(price int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped == 0 {
		now := time.Now()
		l.tokens = min(l.burst, l.tokens+now.Sub(l.at).Seconds()*l.rate)
		l.at = now
		if l.tokens >= float64(price) {
			l.tokens -= float64(price)
			return true
		}
		l.pause = time.AfterFunc(limitPause, l.report)
		l.logs.mute(l)
	}
	l.dropped++
	l.logs.lost.Add(1)
	return false
}

// report ends a pause. It returns when what was dropped in it has been told, by
// another goroutine perhaps.
func (l *recordLimit) report() {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.mu.Lock()
	n := l.dropped
	l.dropped = 0
	if l.pause != nil {
		l.pause.Stop()
	}
	l.mu.Unlock()
	if n > 0 {
		l.tell(n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped == 0 { // else the next pause has begun
		l.logs.unmute(l)
	}
}

// mute notes that m has to report something.
func (l *logs) mute(m *recordLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.muted == nil {
		l.muted = map[*recordLimit]struct{}{}
	}
	l.muted[m] = struct{}{}
}

func (l *logs) unmute(m *recordLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.muted, m)
}
