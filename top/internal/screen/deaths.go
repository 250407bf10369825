package screen

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
)

// some writes a number with the name of what it counts.
func some[T int | uint64](n T, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
}

// deaths are the kinds of death.
func deaths(v *View) Page {
	p := Page{Empty: "nothing died since the start"}
	var total uint64
	for _, k := range v.Kinds {
		total += k.Count
	}
	if total > 0 {
		p.Top = []string{draw.Dim.Paint(fmt.Sprintf("%s of %s; Enter shows the newest certificate of a kind, o the one before", some(total, "death"), some(len(v.Kinds), "kind"))), ""}
	}
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "CAUSE"}, {Title: "POOL", Least: 6}, {Title: "WHERE", Least: 10, Spare: 3}, {Title: "WHY", Least: 12},
		{Title: "COUNT", Right: true}, {Title: "LAST", Right: true}, {Title: "FIRST", Right: true, Spare: 2},
	}}
	kinds := values(v.Kinds)
	if v.Sort == 0 {
		v.Sort = 2 // the latest first
	}
	sorted(v, p.Table, kinds,
		func(k status.DeathKind) float64 { return float64(k.Count) },
		func(k status.DeathKind) float64 { return float64(k.Last.UnixNano()) },
		func(k status.DeathKind) float64 { return float64(k.First.UnixNano()) },
	)
	for _, k := range kinds {
		p.add(v, Subject{Key: k.Kind, Pool: k.Pool, Kind: k.Kind, Death: k.Number},
			draw.Cell{Text: k.Cause, Style: draw.Red}, k.Pool, k.Frame, k.Why, draw.Count(k.Count), v.clock(k.Last), v.clock(k.First))
	}
	return p
}

// Certificate is the text of a death.
func Certificate(d *status.Death, width int, zone *time.Location) (lines []string) {
	say := func(format string, args ...any) {
		lines = append(lines, draw.Wrap(draw.Clean(fmt.Sprintf(format, args...)), width)...)
	}
	title := func(text string) { lines = append(lines, "", draw.Bold.Paint(text)) }
	lines = append(lines, draw.Bold.Paint(fmt.Sprintf("Death %d, kind %s", d.Number, d.Kind)), "")
	say("%s", d.Why)
	lines = append(lines, "")
	say("pool %s, worker %d, pid %d, at %s", d.Pool, d.Worker, d.PID, d.Time.In(zone).Format("2006-01-02 15:04:05.000 MST"))
	say("cause %s; it was %s old and had ended %d calls", d.Cause, took(d.Age), d.Calls)
	usage := "CPU " + took(d.User+d.System)
	if d.MaxRSS > 0 {
		usage += ", at most " + draw.Size(d.MaxRSS) + " of memory"
	}
	if d.MemoryLimit > 0 {
		usage += ", its limit is " + draw.Size(d.MemoryLimit)
	}
	say("%s", usage)
	if d.Frame != "" {
		say("in %s", d.Frame)
	}
	if c := d.Call; c != nil {
		say("its call %d of %s waited %s and ran %s; the argument has %d bytes", c.Number, c.Func, took(c.Wait), took(c.Run), c.Arg)
	}
	for _, c := range d.Others {
		say("beside it: call %d of %s, for %s", c.Number, c.Func, took(c.Run))
	}
	if len(d.Timeline) > 0 {
		title("TIMELINE")
		for _, m := range d.Timeline {
			say("%12s  %s", m.At.In(zone).Format("15:04:05.000"), m.What)
		}
	}
	if len(d.Stderr) > 0 {
		title("LAST LINES")
		for _, l := range d.Stderr {
			say("%s", l)
		}
	}
	if d.Stack != "" {
		title("STACK")
		for line := range strings.Lines(d.Stack) {
			lines = append(lines, draw.Cut(draw.Clean(strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")), width))
		}
	}
	return lines
}

func took(d time.Duration) string { return cmp.Or(draw.Span(d), "0s") }

// Older is the number of the certificate of the same kind before number, among
// those that are kept; 0 if there is none.
func Older(v *View, kind string, number uint64) uint64 {
	var found uint64
	for key, d := range v.Deaths {
		if n, err := strconv.ParseUint(key, 10, 64); err == nil && d.Kind == kind && n < number {
			found = max(found, n)
		}
	}
	return found
}
