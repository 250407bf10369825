package deaths

import "github.com/legion-go/legion/internal/pool"

// Keep is the hook by which a pool has its certificates kept.
func (r *Registry) Keep(c *pool.Certificate) (number uint64, newKind string) {
	d, first := r.Add(c.Death, c.Argument, c.Recordings...)
	if first {
		newKind = d.Kind
	}
	return d.Number, newKind
}
