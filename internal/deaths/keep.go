package deaths

import (
	"context"
	"log/slog"

	"github.com/legion-go/legion/internal/pool"
)

// Keep returns a hook for a pool that keeps its certificates, and tells log
// about each new kind of death. The argument of a call is never logged.
func (r *Registry) Keep(log *slog.Logger) func(*pool.Certificate) uint64 {
	return func(c *pool.Certificate) uint64 {
		d, first := r.Add(c.Death, c.Argument, c.Recordings...)
		if first {
			level := slog.LevelWarn
			if d.Expected {
				level = slog.LevelInfo
			}
			log.Log(context.Background(), level, "workers die in a new way", "kind", d.Kind, "death", d.Number, "why", d.Why)
		}
		return d.Number
	}
}
