package deaths

import "github.com/legion-go/legion/internal/pool"

// Keep is the hook by which a pool has its certificates kept. Once all has been
// passed on, it names no number, since that is another death's in the next
// process.
func (r *Registry) Keep(c *pool.Certificate) (number uint64, newKind string) {
	d := c.Death
	limit(&d)
	d.Kind = fingerprint(&d)
	r.mu.Lock()
	defer r.mu.Unlock()
	d, first := r.add(d, c.Argument, c.Recordings)
	if first {
		newKind = d.Kind
	}
	if r.passed {
		return 0, newKind
	}
	return d.Number, newKind
}

// Stay takes back that all has been passed on: there is no next process.
func (r *Registry) Stay() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = false
}
