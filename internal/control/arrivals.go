package control

import (
	"sync"
	"time"
)

// arrivalsMost is how many peers arrivals distinguishes.
const arrivalsMost = 4096

// arrivals bounds how fast each peer makes connections: a storm of connections
// costs little beyond the kernel's work if no conversation begins.
type arrivals struct {
	step  time.Duration // between two
	burst int           // at once

	mu    sync.Mutex
	due   map[string]time.Time // by the key of a peer: when its whole burst is free again
	swept time.Time            // when peers with their whole burst free were last forgotten
}

// take reports whether a peer may make a connection now.
func (p *arrivals) take(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if _, known := p.due[key]; !known && len(p.due) >= arrivalsMost {
		p.sweepLocked(now)
		if len(p.due) >= arrivalsMost {
			key = "" // all others together
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

// sweepLocked forgets peers whose whole burst is free, unless it did so just
// now.
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
