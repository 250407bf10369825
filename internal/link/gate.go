package link

import "sync/atomic"

// gate knows how many are inside something that must not go away under them. The last one out after close runs free.
type gate struct {
	n    atomic.Int64 // how many are inside, plus shut
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
		// Nobody is inside and nobody can come in for good; but somebody may come in to find the gate shut, and be
		// the last one out again.
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
