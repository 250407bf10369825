package link

import "sync/atomic"

// gate counts the goroutines inside a resource that must not be freed under
// them. The last one out after close calls free.
type gate struct {
	n    atomic.Int64 // number of goroutines inside, plus shut
	free func()
}

const shut = 1 << 62

// enter reports false if the gate is closed; otherwise leave must follow.
func (g *gate) enter() bool {
	if g.n.Add(1) < shut {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.n.Add(-1) == shut {
		// No goroutine is inside, and none can stay; but another may enter, find the
		// gate shut, and be the last one out again.
		if g.n.CompareAndSwap(shut, shut+shut/2) {
			g.free()
		}
	}
}

// close shuts the gate, once. It does not wait.
func (g *gate) close() {
	g.n.Add(1)
	for {
		n := g.n.Load()
		if n >= shut {
			break
		}
		if g.n.CompareAndSwap(n, n+shut) {
			break
		}
	}
	g.leave()
}
