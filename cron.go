package legion

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/cron"
	"github.com/legion-go/legion/status"
)

// cronLoop is a declared Cron.
type cronLoop struct {
	*cron.Job
	name string
	fn   func(context.Context) error
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
	name := "cron " + spec
	job, err := cron.NewJob(spec, func(done func(cron.Outcome)) {
		d.post(func() {
			var outcome cron.Outcome
			defer func() { done(outcome) }()
			outcome = d.execute(name, 0, fn)
		})
	})
	if err != nil {
		panic(fmt.Sprintf("legion: Cron: %v", err))
	}
	d.declared.crons = append(d.declared.crons, &cronLoop{job, name, fn})
}

// startCrons watches the clock until the daemon stops.
func (d *Daemon) startCrons() {
	var clock cron.Clock
	for _, c := range d.declared.crons {
		clock.Start(c.Job, time.Now())
	}
	if len(d.declared.crons) > 0 {
		d.owned.Go("the clock of Cron", func() { clock.Run(d.life.Closing()) })
	}
}

// status describes the entry.
func (c *cronLoop) status() status.Cron {
	f := c.Figures()
	s := status.Cron{Name: c.name, Spec: strings.TrimPrefix(c.name, "cron "), Runs: f.Runs, Missed: f.Missed, Pending: f.Pending, Outcomes: f.Outcomes()}
	if !f.LastOK.IsZero() {
		s.LastOK = &f.LastOK
	}
	if !f.Next.IsZero() { // it is zero before the start
		s.Next = &f.Next
	}
	return s
}
