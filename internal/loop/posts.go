package loop

import "sync"

// keep is the largest capacity, in functions, that an emptied queue keeps: a
// larger one, from a flood, is freed.
const keep = 4096

// posts is the queue of posted functions: FIFO, unbounded, two slices.
// Producers append to in under the lock; only the loop uses out, and it takes
// the lock once per swap of the two, not once per function.
type posts struct {
	mu     sync.Mutex
	in     []func()
	closed bool

	out  []func() // the loop's; entries before head have run and are nil
	head int
}

// push appends fn and reports whether the queue still takes functions.
func (p *posts) push(fn func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.in = append(p.in, fn)
	return true
}

// close makes all later pushes fail; queued functions stay.
func (p *posts) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}

// ready reports whether take has a function. Only the loop may call it.
func (p *posts) ready() bool {
	if p.head < len(p.out) {
		return true
	}
	empty := p.out[:0]
	if cap(empty) > keep {
		empty = nil
	}
	p.mu.Lock()
	p.out, p.in = p.in, empty
	p.mu.Unlock()
	p.head = 0
	return len(p.out) > 0
}

// take removes the oldest function; ready must have returned true. Only the
// loop may call it.
func (p *posts) take() func() {
	fn := p.out[p.head]
	p.out[p.head] = nil // frees what it captured as soon as it has run
	p.head++
	return fn
}
