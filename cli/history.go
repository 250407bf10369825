package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

// historyLines is how many samples are shown, and historyBar how many
// characters the longest bar has.
const (
	historyLines = 30
	historyBar   = 20
)

func historyVerb() *verb {
	step := 10
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "history", Args: "POOL [FUNCTION]", Short: "show how a pool, or one of its functions, did lately",
			Long: "Shows the last 30 samples; with --json, all there are: those of five minutes, of an\n" +
				"hour or of a day.",
			Flags: func(fs *flag.FlagSet) { fs.IntVar(&step, "step", step, "seconds of a sample: 1, 10 or 60") },
			Run: func(ctx context.Context, in *Invocation) error {
				params := map[string]any{"pool": in.Args[0], "step": step}
				if len(in.Args) > 1 {
					params["func"] = in.Args[1]
				}
				h, shown, err := get[status.History](ctx, in, "history.get", params)
				if err == nil && !shown {
					in.out().history(h)
				}
				return err
			},
		},
	}
}

func perSecond(n float64) string { return fmt.Sprintf("%.4g", n) }

// history writes the last samples as a table.
func (p *printer) history(h status.History) {
	t := &table{none: "there is no history yet", columns: []column{
		{title: "TIME"}, {title: "CALLS/S", right: true}, {title: "", spare: 5}, {title: "ERRORS/S", right: true}, {title: "P50", right: true, spare: 3},
		{title: "P99", right: true}, {title: "WAIT", right: true, spare: 2}, {title: "QUEUED", right: true, spare: 1}, {title: "MEMORY", right: true, spare: 6},
	}}
	if h.Folded {
		t.none = "this daemon has too many functions to keep the history of each: see that of its pool"
	}
	first := max(len(h.Samples)-historyLines, 0)
	most := 0.0
	for _, s := range h.Samples[first:] {
		most = max(most, s.Calls)
	}
	for i, s := range h.Samples[first:] {
		left := len(h.Samples) - first - 1 - i
		at := h.End.Add(-h.Step * time.Duration(left)).Local().Format("15:04:05")
		if s.Missing {
			t.add(at, "?", "", "", "", "", "", "", "")
			continue
		}
		bar := 0
		if most > 0 {
			bar = int(s.Calls/most*historyBar + .5)
		}
		t.add(at, perSecond(s.Calls), cell{strings.Repeat("#", bar), cyan}, perSecond(s.Errors), span(s.P50), span(s.P99), span(s.OldestWait),
			count(s.Queued), size(s.Memory))
	}
	p.table(t)
}
