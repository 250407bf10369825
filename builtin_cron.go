package legion

import (
	"context"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// CronInfo is a function that Cron or Every calls.
type CronInfo struct {
	Name    string     `json:"name"` // "cron 0 3 * * *", "every 1s"
	Spec    string     `json:"spec"`
	Next    *time.Time `json:"next"` // null for Every, whose next call is due an interval after the last
	Runs    uint64     `json:"runs"`
	Missed  uint64     `json:"missed"`
	Pending bool       `json:"pending"` // it is due, and waits for the loop or runs
}

type cronIn struct {
	Name string `json:"name" usage:"the name as in cron.list, or the spec alone"`
}

// cronMethods are those about Cron and Every.
func (d *Daemon) cronMethods() []rpc.Method {
	return []rpc.Method{
		look("cron.list", "What the loop calls at times and intervals.", func(context.Context, none) ([]CronInfo, error) { return d.cronList(), nil }),
		operate("cron.run", "Calls a function of Cron or Every now, on the loop, and waits for its end.", func(ctx context.Context, in cronIn) (bool, error) {
			name, interval, fn, err := d.cronNamed(in.Name)
			if err != nil {
				return false, err
			}
			return true, d.onLoop(ctx, func() error {
				d.execute(name, interval, fn)
				return nil
			})
		}),
	}
}

func (d *Daemon) cronList() []CronInfo {
	all := []CronInfo{}
	for _, c := range d.crons {
		i := CronInfo{Name: c.name, Spec: c.spec(), Runs: c.runs.Load(), Missed: c.missed.Load(), Pending: c.pending.Load()}
		if next := c.next(); !next.IsZero() {
			i.Next = &next
		}
		all = append(all, i)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.loops {
		i := CronInfo{Name: l.name, Spec: l.interval.String()}
		if l.ticker != nil {
			s := l.ticker.Stats()
			i.Runs, i.Missed = s.Runs, s.Missed
		}
		all = append(all, i)
	}
	return all
}

// cronNamed finds a function of Cron or Every. Of several with the same name it
// is the first.
func (d *Daemon) cronNamed(name string) (string, time.Duration, func(context.Context) error, error) {
	var names []string
	for _, c := range d.crons {
		if c.name == name || c.spec() == name {
			return c.name, 0, c.fn, nil
		}
		names = append(names, c.name)
	}
	for _, l := range d.loops {
		if l.name == name || l.interval.String() == name {
			return l.name, 0, l.fn, nil
		}
		names = append(names, l.name)
	}
	return "", 0, nil, wrong("name", "there is no %q; there are: %s", name, strings.Join(names, ", "))
}

// spec is the expression of a cron entry.
func (c *cronLoop) spec() string { return strings.TrimPrefix(c.name, "cron ") }

// next is when it is due next; zero before the start.
func (c *cronLoop) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entry.Next()
}
