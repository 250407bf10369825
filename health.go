package legion

import (
	"context"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/pool"
)

// loopPatience is how long one function may hold the loop before the daemon
// counts as unhealthy, unless a Watchdog says otherwise.
const loopPatience = 10 * time.Second

// Healthy returns nil if the daemon is healthy, or else why it is not. It is
// healthy when
//
//   - it runs: it neither starts nor stops, and no other process has taken
//     over;
//   - no pool has failed; a paused pool has not;
//   - no function has been holding the loop for longer than 10 s, or half of
//     WatchdogSec under systemd.
//
// /readyz, the verb status and its exit code, daemon.status, the statistics,
// and systemd's watchdog all use this definition. It returns at once, and may
// be called from any goroutine.
func (d *Daemon) Healthy() error {
	if why := d.unhealthy(true); why != "" {
		return fmt.Errorf("legion: %s", why)
	}
	return nil
}

// unhealthy returns why the daemon is not healthy, or "". With detail it
// includes why a pool has failed, which callers without a role must not read.
func (d *Daemon) unhealthy(detail bool) string {
	if s := d.life.State(); s != life.Running {
		return fmt.Sprintf("daemon %s is %s", d.config.Name, s)
	}
	if err := d.life.MustRun(); err != nil { // another process has taken over
		return err.Error()
	}
	for _, p := range d.declared.pools {
		s := p.summary()
		if s.State != pool.StateFailed {
			continue
		}
		why := fmt.Sprintf("pool %s has failed", p.name)
		if detail && s.Reason != "" {
			why += ": " + s.Reason
		}
		return why
	}
	if held, most := d.loop.Stats().Running, d.plugins.LoopPatience(loopPatience); held > most {
		return fmt.Sprintf("a function has been holding the loop for %v, longer than %v", held.Round(time.Millisecond), most)
	}
	return ""
}

// watchLoop logs when one function holds the loop until the daemon counts as
// unhealthy.
func (d *Daemon) watchLoop() {
	most := d.plugins.LoopPatience(loopPatience)
	d.owned.Go("the watch over the loop", func() { d.loop.Watch(d.life.Closing(), most, d.log.Logger) })
}

// Responsive returns nil if the daemon is healthy and its loop answers before
// ctx ends.
func (d *Daemon) Responsive(ctx context.Context) error {
	if err := d.Healthy(); err != nil {
		return err
	}
	if err := d.onLoop(ctx, func() error { return nil }); err != nil {
		return fmt.Errorf("legion: the loop does not answer: %w", err)
	}
	return nil
}
