package screen

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
)

// calls are those that run and wait, the oldest first, and below them the
// slowest of the last hour.
func calls(v *View) Page {
	p := Page{Empty: "no call runs or waits, and none ended in the last hour"}
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "STATE"}, {Title: "CALL", Least: 10}, {Title: "NUMBER", Right: true, Spare: 3}, {Title: "PID", Right: true, Spare: 2},
		{Title: "WAIT", Right: true}, {Title: "RUN", Right: true}, {Title: "", Least: 8, Spare: 4}, {Title: "PROGRESS", Least: 8, Spare: 1},
	}}
	live := values(v.Calls)
	slices.SortFunc(live, func(a, b status.CallInfo) int {
		return cmp.Or(cmp.Compare(b.State, a.State), a.Queued.Compare(b.Queued))
	})
	slow := values(v.Slow)
	slices.SortFunc(slow, func(a, b status.CallInfo) int { return cmp.Compare(b.Wait+b.Run, a.Wait+a.Run) })
	var longest time.Duration
	for _, c := range append(slices.Clone(live), slow...) {
		wait, run := v.times(c)
		longest = max(longest, wait+run)
	}
	for _, c := range live {
		v.call(&p, c, longest)
	}
	for _, c := range slow {
		v.call(&p, c, longest)
	}
	return p
}

func values[V any](all map[string]V) (list []V) {
	for _, key := range ordered(all) {
		list = append(list, all[key])
	}
	return list
}

// times are how long a call has waited and run, until now if it goes on.
func (v *View) times(c status.CallInfo) (wait, run time.Duration) {
	switch c.State {
	case status.CallQueued:
		return max(v.Now.Sub(c.Queued), 0), 0
	case status.CallRunning:
		return c.Wait, max(v.Now.Sub(c.Started), 0)
	}
	return c.Wait, c.Run
}

func (v *View) call(p *Page, c status.CallInfo, longest time.Duration) {
	wait, run := v.times(c)
	shown := c.State.String()
	if c.State == status.CallDone {
		shown = "slow, " + c.Outcome
	}
	name, number, pid := c.Func, strconv.FormatUint(c.Call, 10), draw.Count(c.PID)
	if c.Func != c.Pool {
		name = c.Pool + "/" + c.Func
	}
	note := ""
	if c.Progress != nil {
		note = c.Progress.String()
	}
	p.add(v, Subject{Key: c.Pool + "/" + number, Pool: c.Pool, Worker: c.Worker, PID: c.PID, Call: c.Func},
		draw.Cell{Text: shown, Style: styleOf(c.State.String())}, name, number, pid, draw.Span(wait), draw.Span(run), v.split(wait, run, longest), note)
}

// split is a bar of a call: how much of its time it waited, and ran.
func (v *View) split(wait, run, longest time.Duration) string {
	const width = 16
	if longest <= 0 {
		return ""
	}
	w := int(float64(wait) / float64(longest) * width)
	r := int(float64(run) / float64(longest) * width)
	waits, runs := '░', '█'
	if v.Chars == draw.ASCII {
		waits, runs = '.', '#'
	}
	bar := make([]rune, 0, width)
	for range w {
		bar = append(bar, waits)
	}
	for range r {
		bar = append(bar, runs)
	}
	return string(bar)
}
