package legion

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/cron"
	"github.com/legion-go/legion/status"
)

// cronLoop is a declared Cron.
type cronLoop struct {
	name    string
	mu      sync.Mutex // guards entry
	entry   *cron.Entry
	fn      func(context.Context) error
	pending atomic.Bool // it waits for the loop, or runs
	runs    atomic.Uint64
	missed  atomic.Uint64
}

// Cron calls fn on the loop at the times of a cron expression: minute, hour,
// day of month, month and day of week, with optional seconds before them; or
// @hourly, @daily, @weekly, @monthly, @yearly. "TZ=Europe/Berlin " before it
// sets the time zone, which is otherwise the machine's. It panics if the
// expression is wrong.
//
// If times pass while fn runs, while the machine sleeps or because the clock is
// set forward, one call makes up for them. When summer time ends, an entry for
// certain hours runs exactly once. Errors, panics and events are as with Every.
func (d *Daemon) Cron(spec string, fn func(context.Context) error) {
	d.mustDeclare("Cron " + spec)
	entry, err := cron.Parse(spec)
	if err != nil {
		panic(fmt.Sprintf("legion: Cron: %v", err))
	}
	d.declared.crons = append(d.declared.crons, &cronLoop{name: "cron " + spec, entry: entry, fn: fn})
}

// startCrons watches the clock until the daemon stops.
func (d *Daemon) startCrons() {
	if len(d.declared.crons) == 0 {
		return
	}
	now := time.Now()
	for _, c := range d.declared.crons {
		c.mu.Lock()
		c.entry.Start(now)
		c.mu.Unlock()
	}
	d.owned.Go("the clock of Cron", func() {
		timer := time.NewTimer(0)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-d.life.Closing().Done():
				return
			}
			timer.Reset(d.dueCrons(time.Now()))
		}
	})
}

// dueCrons queues due entries for the loop, and returns how long to wait before
// the next look.
func (d *Daemon) dueCrons(now time.Time) time.Duration {
	wait := cron.MaxWait
	for _, c := range d.declared.crons {
		due, next := c.look(now)
		if due {
			if c.pending.Swap(true) {
				c.missed.Add(1)
			} else {
				c.runs.Add(1)
				d.post(func() {
					defer c.pending.Store(false)
					d.execute(c.name, 0, c.fn)
				})
			}
		}
		wait = min(wait, next)
	}
	return wait
}

// look reports whether the entry is due, and how long to wait before the next
// look.
func (c *cronLoop) look(now time.Time) (due bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	due = c.entry.Due(now)
	return due, c.entry.Wait(now)
}

// status describes the entry.
func (c *cronLoop) status() status.Cron {
	c.mu.Lock()
	next := c.entry.Next()
	c.mu.Unlock()
	s := status.Cron{Name: c.name, Spec: strings.TrimPrefix(c.name, "cron "), Runs: c.runs.Load(), Missed: c.missed.Load(), Pending: c.pending.Load()}
	if !next.IsZero() { // it is zero before the start
		s.Next = &next
	}
	return s
}
