package loop

import "sync"

// keep is the largest capacity, in functions, that an emptied queue retains: what a flood made larger is given back.
const keep = 4096

// posts is the queue of posted functions: FIFO, unbounded, two slices. Producers append to in under the lock; the loop
// alone owns out and takes the lock once per exchange of the two, not once per function.
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

// close makes all later pushes fail; what is in the queue stays.
func (p *posts) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}

// ready reports whether there is a function to take. For the loop only.
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

// take removes the oldest function; ready has said that there is one. For the loop only.
func (p *posts) take() func() {
	fn := p.out[p.head]
	p.out[p.head] = nil // what it captured is free as soon as it has run
	p.head++
	return fn
}
