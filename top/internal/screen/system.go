package screen

import (
	"fmt"

	"github.com/legion-go/legion/top/internal/draw"
)

// system is the daemon's own process, and what runs beside the pools.
func system(v *View) Page {
	d := v.Daemon
	loop := d.Loop
	p := Page{Empty: "there are no crons, tasks and plugins"}
	p.Top = []string{
		draw.Cut(fmt.Sprintf("process %d of %s on %s, %s; Go %s, Legion %s", d.PID, d.User, d.Host, d.Version, v.Hello.Go, v.Hello.Legion), v.Width),
		draw.Cut(fmt.Sprintf("memory %s, CPU %s, load %.2f %.2f %.2f, %d workers", draw.Size(d.Memory), draw.Span(d.CPU), d.Load[0], d.Load[1], d.Load[2], d.Workers), v.Width),
		draw.Cut(fmt.Sprintf("loop: %d ticks, %d missed, %d overruns, %d panics, %d wait, busy %s", loop.Ticks, loop.Missed, loop.Overruns, loop.Panics, loop.Pending, draw.Span(loop.Busy)), v.Width),
	}
	if d.Changing != "" {
		p.Top = append(p.Top, draw.Yellow.Paint(fmt.Sprintf("%s has run for %s", d.Changing, draw.Span(d.ChangingFor))))
	}
	for _, mark := range v.Marks {
		p.Top = append(p.Top, draw.Dim.Paint(draw.Cut(draw.Clean(mark), v.Width)))
	}
	p.Top = append(p.Top, "")
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "KIND"}, {Title: "NAME", Least: 10}, {Title: "STATE", Least: 6}, {Title: "RUNS", Right: true}, {Title: "MISSED", Right: true, Spare: 2}, {Title: "NEXT", Right: true, Spare: 1},
	}}
	for _, c := range values(v.Crons) {
		next, state := "", ""
		if c.Next != nil {
			next = v.clock(*c.Next)
		}
		if c.Pending {
			state = "due"
		}
		p.add(v, Subject{Key: "cron/" + c.Name}, "cron", c.Name, state, draw.Count(c.Runs), draw.Count(c.Missed), next)
	}
	for _, t := range values(v.Tasks) {
		p.add(v, Subject{Key: "task/" + t.Name}, "task", t.Name, fmt.Sprintf("%d run, %d wait", t.Running, t.Queued), draw.Count(t.Calls), "", "")
	}
	for _, one := range values(v.Plugins) {
		p.add(v, Subject{Key: "plugin/" + one.Name}, "plugin", one.Name, draw.Cell{Text: one.State, Style: styleOf(one.State)}, "", "", "")
	}
	return p
}
