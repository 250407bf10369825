package screen

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/feed"
	"github.com/legion-go/legion/top/internal/state"
)

// ghost is how long a dead worker stays in the tree.
const ghost = time.Minute

// tree is the daemon, its pools and their workers.
func tree(v *View) Page {
	p := Page{Empty: "the daemon has no processes that match"}
	p.Table = &draw.Table{Columns: []draw.Column{
		{Title: "PROCESS", Least: 12}, {Title: "STATE"}, {Title: "CALL", Least: 8}, {Title: "FOR", Right: true}, {Title: "CALLS", Right: true, Spare: 2},
		{Title: "MEM", Right: true}, {Title: "LIMIT", Spare: 3}, {Title: "CPU", Right: true, Spare: 1}, {Title: "AGE", Right: true, Spare: 4},
	}}
	d := v.Daemon
	p.add(v, Subject{Key: "daemon", What: "daemon"}, fmt.Sprintf("%s %d", d.Name, d.PID), draw.Cell{Text: d.State, Style: styleOf(d.State)},
		"", "", "", draw.Size(d.Memory), "", draw.Span(d.CPU), draw.Span(d.Uptime))
	more, last, through := v.Chars.Lines()
	names := v.PoolNames()
	for i, name := range names {
		line, indent := more, through
		if i == len(names)-1 {
			line, indent = last, "   "
		}
		v.branch(&p, name, line, indent)
	}
	return p
}

// branch is a pool, its workers, and the ghosts of those that died lately.
func (v *View) branch(p *Page, name, line, indent string) {
	one := v.Pools[name]
	p.add(v, Subject{Key: name, Pool: name, Paused: one.State == "paused"}, line+name, draw.Cell{Text: one.State, Style: styleOf(one.State)},
		draw.Cell{Text: one.Reason, Style: draw.Red}, "", draw.Count(one.Calls), draw.Size(one.Memory), "", draw.Span(one.CPU), "")
	all := state.Of(v.Workers, name)
	workers := make([]feed.Worker, 0, len(all))
	for _, w := range all {
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b feed.Worker) int { return int(int64(a.ID) - int64(b.ID)) })
	sorted(v, p.Table, workers,
		func(w feed.Worker) float64 { return w.For.Seconds() },
		func(w feed.Worker) float64 { return float64(w.Calls) },
		func(w feed.Worker) float64 { return float64(w.Memory) },
		func(w feed.Worker) float64 { return float64(w.Memory) },
		func(w feed.Worker) float64 { return w.CPU.Seconds() },
		func(w feed.Worker) float64 { return v.age(w).Seconds() },
	)
	more, last, _ := v.Chars.Lines()
	dead := v.ghosts(name)
	for i, w := range workers {
		mark := more
		if i == len(workers)-1 && len(dead) == 0 {
			mark = last
		}
		limit := ""
		if one.MemoryLimit > 0 {
			limit = v.Chars.Bar(float64(w.Memory)/float64(one.MemoryLimit), 5)
		}
		p.add(v, Subject{Key: name + "/" + strconv.FormatUint(w.ID, 10), Pool: name, Worker: w.ID, PID: w.PID, Call: w.Call},
			indent+mark+strconv.Itoa(w.PID), draw.Cell{Text: w.State, Style: styleOf(w.State)}, w.Call+progress(w.Running),
			draw.Span(w.For), draw.Count(w.Calls), draw.Size(w.Memory), limit, draw.Span(w.CPU), draw.Span(v.age(w)))
	}
	for i, d := range dead {
		mark := more
		if i == len(dead)-1 {
			mark = last
		}
		p.add(v, Subject{Key: "death/" + strconv.FormatUint(d.Number, 10), Pool: name, Death: d.Number},
			draw.Cell{Text: fmt.Sprintf("%s%s%d", indent, mark, d.PID), Style: draw.Dim}, draw.Cell{Text: "died", Style: draw.Dim},
			draw.Cell{Text: d.Why, Style: draw.Dim}, draw.Cell{Text: draw.Span(v.Now.Sub(d.Time).Round(time.Second)), Style: draw.Dim},
			draw.Count(d.Calls), draw.Cell{Text: draw.Size(d.MaxRSS), Style: draw.Dim}, "", draw.Span(d.User+d.System), draw.Span(d.Age))
	}
}

// age is how old a worker is.
func (v *View) age(w feed.Worker) time.Duration {
	if w.Started.IsZero() {
		return w.Age
	}
	return max(v.Now.Sub(w.Started), 0).Round(time.Second)
}

// ghosts are the last deaths in a pool, the newest first, a few at most.
func (v *View) ghosts(pool string) (dead []status.Death) {
	keys := ordered(v.Deaths)
	for i := len(keys) - 1; i >= 0 && len(dead) < 5; i-- {
		if d := v.Deaths[keys[i]]; d.Pool == pool && v.Now.Sub(d.Time) < ghost {
			dead = append(dead, d)
		}
	}
	return dead
}

// progress is how far the first call of a worker that says so has come.
func progress(running []status.Running) string {
	for _, r := range running {
		if pr := r.Progress; pr != nil {
			return " " + pr.String()
		}
	}
	return ""
}
