package cli

import (
	"context"
	"time"

	"github.com/legion-go/legion/status"
)

// recentOfPool shows what has ended recently in a pool, the newest first.
func recentOfPool(ctx context.Context, in *Invocation) error {
	r, shown, err := get[status.Recent](ctx, in, "pool.recent", map[string]any{"pool": in.Args[0]})
	if err != nil || shown {
		return err
	}
	calls := &table{none: "no call has ended", columns: []column{
		{title: "CALL", right: true}, {title: "FUNCTION", flexible: true}, {title: "ENDED", spare: 5}, {title: "OUTCOME"}, {title: "PID", right: true, spare: 3},
		{title: "WAITED", right: true, spare: 1}, {title: "RAN", right: true}, {title: "TRIES", right: true, spare: 4},
		{title: "ARG", right: true, spare: 6}, {title: "RESULT", right: true, spare: 7},
	}}
	for _, c := range r.Calls {
		calls.add(count(c.Call), c.Func, moment(c.Ended, time.Now()), cell{c.Outcome, outcomeStyle(c.Outcome)}, some(c.PID), span(c.Wait), span(c.Run), some(c.Tries),
			size(uint64(c.ArgBytes)), size(uint64(c.ResultBytes)))
	}
	out := in.out()
	out.table(calls)
	workers := &table{none: "no worker has ended", columns: []column{
		{title: "PID", right: true}, {title: "ENDED", spare: 1}, {title: "AGE", right: true}, {title: "CALLS", right: true, spare: 2},
		{title: "CPU", right: true, spare: 3}, {title: "MEMORY", right: true, spare: 4}, {title: "HOW", flexible: true},
	}}
	for _, w := range r.Workers {
		workers.add(some(w.PID), moment(w.Ended, time.Now()), span(w.Ended.Sub(w.Started)), count(w.Calls), span(w.CPU), size(w.Memory), oneLine(w.How))
	}
	out.printf("\n")
	out.table(workers)
	return nil
}

// outcomeStyle is how the end of a call looks.
func outcomeStyle(outcome string) style {
	switch outcome {
	case "ok":
		return green
	case "canceled", "stopped":
		return yellow
	}
	return red
}
