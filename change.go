package legion

import (
	"context"
	"fmt"
	"time"
)

// change is the reload, upgrade or restart that is under way: there is one at a time. It
// is guarded by Daemon.mu, but for queue.
type change struct {
	queue chan struct{} // holds a value while there is one
	what  string        // "a reload", for instance; "" if it is too short to tell
	since time.Time
}

// beginChange waits for the change that is under way to end, and begins another.
// What it returns ends that. If ctx ends first, the error says what was waited
// for.
func (d *Daemon) beginChange(ctx context.Context, what string) (end func(), err error) {
	select {
	case d.turn.queue <- struct{}{}:
	default:
		select {
		case d.turn.queue <- struct{}{}:
		case <-ctx.Done():
			before, since := d.changing()
			if before == "" {
				before = "another change"
			}
			return nil, fmt.Errorf("waiting for %s to end, which has run for %v: %w",
				before, time.Since(since).Round(time.Millisecond), context.Cause(ctx))
		}
	}
	d.setChange(what)
	return func() {
		d.setChange("")
		<-d.turn.queue
	}, nil
}

func (d *Daemon) setChange(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn.what, d.turn.since = what, time.Now()
}

// changing returns the change that is under way, "" if there is none, and when it
// began.
func (d *Daemon) changing() (what string, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.turn.what, d.turn.since
}
