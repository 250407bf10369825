package screen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/state"
)

// pool is one pool: its figures, its functions, and what its workers died of.
func pool(v *View) Page {
	name := v.Chosen()
	p := Page{Empty: "no function of this pool was called yet"}
	if name == "" {
		p.Empty = "there are no pools"
	}
	one, s := v.Pools[name], v.newest(name)
	facts := func(list ...string) string {
		var b strings.Builder
		for i := 0; i+1 < len(list); i += 2 {
			if list[i+1] != "" {
				fmt.Fprintf(&b, "%s %s   ", draw.Dim.Paint(list[i]), list[i+1])
			}
		}
		return draw.Cut(b.String(), v.Width)
	}
	p.Top = []string{
		draw.Bold.Paint(draw.Clean(name)) + "  " + styleOf(one.State).Paint(one.State) + "  " + draw.Red.Paint(draw.Clean(one.Reason)),
		facts("kind", one.Kind, "workers", fmt.Sprintf("%d of %d to %d", one.Ready, one.Min, one.Max), "running", strconv.Itoa(one.Running),
			"queue", fmt.Sprintf("%d of %d", one.Queued, one.QueueLimit), "oldest wait", draw.Span(one.OldestWait)),
		facts("memory", draw.Size(one.Memory), "largest worker", draw.Size(one.WorkerMemoryMax), "limit", draw.Size(one.MemoryLimit),
			"cpu", draw.Span(one.CPU), "busy", draw.Span(one.Busy)),
		facts("started", draw.Count(one.Started), "recycled", draw.Count(one.Recycled), "died", reasons(one.DeathsBy), "retried", draw.Count(one.Retried)),
		v.figure("calls/s", draw.Rate, v.line(name, func(s status.Sample) float64 { return s.Calls })),
		v.figure("running", func(f float64) string { return strconv.Itoa(int(f)) }, v.line(name, func(s status.Sample) float64 { return float64(s.Running) })),
		v.figure("p99", func(float64) string { return draw.Span(s.P99) }, v.line(name, func(s status.Sample) float64 { return s.P99.Seconds() })),
		"",
	}
	v.functions(&p, name)
	p.Bottom = v.kindsOf(name)
	return p
}

// line is a figure of a pool, for each second that is known.
func (v *View) line(key string, value func(status.Sample) float64) (values []float64) {
	for _, s := range v.History[key] {
		if s.Missing {
			values = append(values, -1)
			continue
		}
		values = append(values, value(s))
	}
	return values
}

// reasons is "3: 2 deadline, 1 kill".
func reasons(by map[string]uint64) string {
	var total uint64
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(by)) {
		if n := by[reason]; n > 0 {
			total += n
			parts = append(parts, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(parts, ", "))
}

// functions lists a pool's functions.
func (v *View) functions(p *Page, name string) {
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "FUNCTION", Least: 8}, {Title: "CALLS", Right: true}, {Title: "ERRORS", Right: true},
		{Title: "WAIT P50", Right: true, Spare: 2}, {Title: "P99", Right: true, Spare: 1}, {Title: "RUN P50", Right: true}, {Title: "P99 ", Right: true},
		{Title: "MAX", Right: true, Spare: 3}, {Title: "CPU", Right: true, Spare: 4}, {Title: "QUARANTINE", Right: true, Spare: 5},
	}}
	var all []status.FuncStats
	of := state.Of(v.Funcs, name)
	for _, key := range ordered(of) {
		all = append(all, of[key])
	}
	sorted(v, p.Table, all,
		func(f status.FuncStats) float64 { return float64(f.Calls) },
		func(f status.FuncStats) float64 { return float64(f.Errors) },
		func(f status.FuncStats) float64 { return f.Wait.P50.Seconds() },
		func(f status.FuncStats) float64 { return f.Wait.P99.Seconds() },
		func(f status.FuncStats) float64 { return f.Run.P50.Seconds() },
		func(f status.FuncStats) float64 { return f.Run.P99.Seconds() },
		func(f status.FuncStats) float64 { return f.Max.Seconds() },
		func(f status.FuncStats) float64 { return f.CPU.Seconds() },
		func(f status.FuncStats) float64 { return f.RetryAfter.Seconds() },
	)
	for _, f := range all {
		p.add(v, Subject{Key: name + "/" + f.Name, Pool: name, Func: f.Name, Paused: v.Pools[name].State == "paused"},
			f.Name, draw.Count(f.Calls), draw.Count(f.Errors), draw.Span(f.Wait.P50), draw.Span(f.Wait.P99),
			draw.Span(f.Run.P50), draw.Span(f.Run.P99), draw.Span(f.Max), draw.Span(f.CPU), draw.Cell{Text: draw.Span(f.RetryAfter), Style: draw.Red})
	}
}

// kindsOf lists what the workers of a pool died of.
func (v *View) kindsOf(name string) (lines []string) {
	for _, key := range ordered(v.Kinds) {
		if k := v.Kinds[key]; k.Pool == name {
			lines = append(lines, draw.Cut(fmt.Sprintf("%6d  %s  %s", k.Count, draw.Red.Paint(draw.Fit(k.Cause, 13, false)), draw.Clean(k.Why)), v.Width))
		}
	}
	if len(lines) > 0 {
		lines = append([]string{"", draw.Bold.Paint("DEATHS")}, lines...)
	}
	return lines
}
