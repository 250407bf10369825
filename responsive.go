package legion

import (
	"context"
	"fmt"
)

// Responsive returns nil if the loop answers before ctx ends and no pool has
// failed: what a watchdog wants to know.
func (d *Daemon) Responsive(ctx context.Context) error {
	if err := d.mustRun(); err != nil {
		return fmt.Errorf("legion: %w", err)
	}
	if err := d.onLoop(ctx, func() error { return nil }); err != nil {
		return fmt.Errorf("legion: the loop does not answer: %w", err)
	}
	for _, p := range d.pools {
		if s := p.stats(); s.State == "failed" {
			return fmt.Errorf("legion: pool %s has failed: %s", p.name, s.Reason)
		}
	}
	return nil
}
