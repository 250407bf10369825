package control

import (
	"sync"
	"time"
)

// arrivalsMost is how many peers arrivals tell apart.
const arrivalsMost = 4096

// arrivals bounds how fast each peer makes connections: a storm of them costs
// little more than what the kernel does, if no conversation is begun.
type arrivals struct {
	step  time.Duration // between two
	burst int           // at once

	mu    sync.Mutex
	due   map[string]time.Time // by the key of a peer: when it may make the whole burst again
	swept time.Time            // when those were forgotten that may
}

// take reports whether a peer may make a connection now.
func (p *arrivals) take(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if _, known := p.due[key]; !known && len(p.due) >= arrivalsMost {
		p.sweepLocked(now)
		if len(p.due) >= arrivalsMost {
			key = "" // all the others together
		}
	}
	due := p.due[key]
	if due.Before(now) {
		due = now
	}
	if due.Sub(now) > time.Duration(p.burst-1)*p.step {
		return false
	}
	p.due[key] = due.Add(p.step)
	return true
}

// sweepLocked forgets peers that may make the whole burst, if it has not just
// done so.
func (p *arrivals) sweepLocked(now time.Time) {
	if now.Sub(p.swept) < p.step {
		return
	}
	p.swept = now
	for key, due := range p.due {
		if !due.After(now) {
			delete(p.due, key)
		}
	}
}
