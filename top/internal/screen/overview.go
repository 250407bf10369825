package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
)

// overview is how the daemon does: four figures with their past, its pools, and
// what died lately.
func overview(v *View) Page {
	p := Page{Empty: "there are no pools: legion.Worker(d, \"name\", fn) declares one"}
	sum := func(of func(status.Sample) float64) func([]status.Sample) float64 {
		return func(all []status.Sample) (total float64) {
			for _, s := range all {
				total += of(s)
			}
			return total
		}
	}
	most := func(of func(status.Sample) time.Duration) func([]status.Sample) float64 {
		return func(all []status.Sample) (largest float64) {
			for _, s := range all {
				largest = max(largest, of(s).Seconds())
			}
			return largest
		}
	}
	seconds := func(f float64) string { return draw.Span(time.Duration(f * float64(time.Second))) }
	for _, f := range []struct {
		name  string
		value func([]status.Sample) float64
		text  func(float64) string
	}{
		{"calls/s", sum(func(s status.Sample) float64 { return s.Calls }), draw.Rate},
		{"errors/s", sum(func(s status.Sample) float64 { return s.Errors }), draw.Rate},
		{"p99", most(func(s status.Sample) time.Duration { return s.P99 }), seconds},
		{"oldest wait", most(func(s status.Sample) time.Duration { return s.OldestWait }), seconds},
	} {
		p.Top = append(p.Top, v.figure(f.name, f.text, v.past(f.value)))
	}
	p.Top = append(p.Top, "")
	v.poolTable(&p)
	if v.Height >= 20 {
		p.Bottom = append([]string{""}, v.lastDeaths(5)...)
	}
	return p
}

// figure is a name, the newest value, and a line of those before it.
func (v *View) figure(name string, text func(float64) string, values []float64) string {
	now := "–"
	if n := len(values); n > 0 && values[n-1] >= 0 {
		now = text(values[n-1])
	}
	label := draw.Dim.Paint(draw.Fit(name, 12, false)) + draw.Bold.Paint(draw.Fit(now, 8, true)) + "  "
	return label + draw.Cyan.Paint(v.Chars.Spark(values, max(v.Width-22, 0), 0))
}

// past is a figure of all pools together, for each second that is known.
func (v *View) past(value func([]status.Sample) float64) (values []float64) {
	longest := 0
	for key, samples := range v.History {
		if !strings.Contains(key, "/") {
			longest = max(longest, len(samples))
		}
	}
	for back := longest; back > 0; back-- {
		var at []status.Sample
		for key, samples := range v.History {
			if i := len(samples) - back; !strings.Contains(key, "/") && i >= 0 && !samples[i].Missing {
				at = append(at, samples[i])
			}
		}
		if len(at) == 0 {
			values = append(values, -1)
		} else {
			values = append(values, value(at))
		}
	}
	return values
}

// newest is the last sample of a pool or function.
func (v *View) newest(key string) (s status.Sample) {
	if all := v.History[key]; len(all) > 0 {
		return all[len(all)-1]
	}
	return s
}

// poolTable lists the pools.
func (v *View) poolTable(p *Page) {
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "POOL", Least: 8}, {Title: "STATE"}, {Title: "WORKERS", Right: true}, {Title: "RUN", Right: true}, {Title: "QUEUE", Right: true},
		{Title: "OLDEST", Right: true, Spare: 1}, {Title: "CALLS/S", Right: true}, {Title: "ERR/S", Right: true}, {Title: "P99", Right: true},
		{Title: "MEM", Right: true, Spare: 2}, {Title: "CPU", Right: true, Spare: 3}, {Title: "DEATHS", Right: true, Spare: 4},
	}}
	names := v.PoolNames()
	sorted(v, p.Table, names,
		func(n string) float64 { return float64(v.Pools[n].Ready) },
		func(n string) float64 { return float64(v.Pools[n].Running) },
		func(n string) float64 { return float64(v.Pools[n].Queued) },
		func(n string) float64 { return v.newest(n).OldestWait.Seconds() },
		func(n string) float64 { return v.newest(n).Calls },
		func(n string) float64 { return v.newest(n).Errors },
		func(n string) float64 { return v.newest(n).P99.Seconds() },
		func(n string) float64 { return float64(v.newest(n).Memory) },
		func(n string) float64 { return v.newest(n).CPU },
		func(n string) float64 { return float64(v.Pools[n].Died()) },
	)
	for _, name := range names {
		one, s := v.Pools[name], v.newest(name)
		errors := draw.Cell{Text: draw.Rate(s.Errors)}
		if s.Errors > 0 {
			errors.Style = draw.Red
		}
		p.add(v, Subject{Key: name, Pool: name, Paused: one.State == "paused"},
			name, draw.Cell{Text: one.State, Style: styleOf(one.State)}, fmt.Sprintf("%d/%d", one.Ready, one.Max),
			draw.Count(one.Running), draw.Count(one.Queued), draw.Span(s.OldestWait), draw.Rate(s.Calls), errors, draw.Span(s.P99),
			draw.Size(s.Memory), fmt.Sprintf("%.2f", s.CPU), draw.Count(one.Died()))
	}
}

// lastDeaths lists what died lately, the newest first.
func (v *View) lastDeaths(most int) (lines []string) {
	keys := ordered(v.Deaths)
	if len(keys) == 0 {
		return []string{draw.Dim.Paint("nothing died since the start")}
	}
	lines = append(lines, draw.Bold.Paint("LAST DEATHS"))
	for i := len(keys) - 1; i >= 0 && len(lines) <= most; i-- {
		d := v.Deaths[keys[i]]
		lines = append(lines, draw.Cut(fmt.Sprintf("%s  %s  %s", v.clock(d.Time), draw.Red.Paint(draw.Fit(d.Cause, 13, false)), draw.Clean(d.Why)), v.Width))
	}
	return lines
}
