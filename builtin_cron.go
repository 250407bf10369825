package legion

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

type cronIn struct {
	Name string `json:"name" usage:"the name as in cron.list, or without the first word"`
}

// cronMethods are those about Cron and Every.
func (d *Daemon) cronMethods() []rpc.Method {
	return []rpc.Method{
		look("cron.list", "What the loop calls at times and intervals.", func(context.Context, none) ([]status.Cron, error) { return d.cronList(), nil }),
		operate("cron.run", "Calls a function of Cron or Every now, on the loop, and waits for its end.", func(ctx context.Context, in cronIn) (bool, error) {
			e, err := d.cronNamed(in.Name)
			if err != nil {
				return false, err
			}
			if err := d.mustRun(); err != nil {
				return false, err
			}
			return true, d.onLoopFor(ctx, func() error {
				e.run()
				return nil
			})
		}),
	}
}

// scheduled is a function of Cron or Every.
type scheduled struct {
	status.Cron
	run func() // on the loop
}

// schedule lists them, each with a name of its own.
func (d *Daemon) schedule() (all []scheduled) {
	for _, c := range d.crons {
		i := status.Cron{Name: c.name, Spec: c.spec(), Runs: c.runs.Load(), Missed: c.missed.Load(), Pending: c.pending.Load()}
		if next := c.next(); !next.IsZero() {
			i.Next = &next
		}
		all = append(all, scheduled{i, func() {
			c.runs.Add(1)
			d.execute(c.name, 0, c.fn)
		}})
	}
	for _, l := range d.loops {
		s := l.stats()
		i := status.Cron{Name: l.name, Spec: l.Interval().String(), Runs: s.Runs, Missed: s.Missed}
		all = append(all, scheduled{i, func() { d.execute(l.name, 0, l.fn) }})
	}
	seen := map[string]int{}
	for i := range all {
		e := &all[i]
		if seen[e.Spec]++; seen[e.Spec] > 1 {
			again := fmt.Sprintf(" #%d", seen[e.Spec])
			e.Name, e.Spec = e.Name+again, e.Spec+again
		}
	}
	return all
}

func (d *Daemon) cronList() []status.Cron {
	all := []status.Cron{}
	for _, e := range d.schedule() {
		e.Spec, _, _ = strings.Cut(e.Spec, " #")
		all = append(all, e.Cron)
	}
	return all
}

// cronNamed finds one by its name, or what follows "cron" or "every" in it.
func (d *Daemon) cronNamed(name string) (scheduled, error) {
	names := []string{}
	for _, e := range d.schedule() {
		if e.Name == name || e.Spec == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return scheduled{}, wrong("name", "there is no %q; there are: %s", name, strings.Join(names, ", "))
}

// spec is the expression of a cron entry.
func (c *cronLoop) spec() string { return strings.TrimPrefix(c.name, "cron ") }

// next is when it is due next; zero before the start.
func (c *cronLoop) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entry.Next()
}
