package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

func poolVerb() *verb {
	each := func(name, short, method, done string) *verb {
		return &verb{needs: aServer, Command: Command{
			Name: name, Args: "[POOL]", Short: short + "; without POOL all pools",
			Run: func(ctx context.Context, in *Invocation) error {
				params, which := map[string]any{}, "all pools"
				if len(in.Args) > 0 {
					params["pool"], which = in.Args[0], "pool "+in.Args[0]
				}
				return do(ctx, in, method, params, "%s: %s", clean(which), done)
			},
		}}
	}
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "pool", Short: "list and control pools of workers"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Short: "list the pools", Run: listPools}},
			{needs: aServer, Command: Command{Name: "status", Args: "POOL", Short: "show one pool with its workers and functions", Run: showPool}},
			{needs: aServer, Command: Command{Name: "recent", Args: "POOL", Short: "show the last calls and workers that have ended", Run: recentOfPool}},
			{needs: aServer, Command: Command{
				Name: "scale", Args: "POOL MIN [MAX]", Short: "change how many workers there are",
				Long: "MIN workers are always there, and MAX at most. Without MAX there are exactly MIN.",
				Run:  scalePool,
			}},
			each("pause", "let calls wait", "pool.pause", "calls wait until resume"),
			each("resume", "end a pause, or try again after a failure", "pool.resume", "resumed"),
			{needs: aServer, Command: Command{
				Name: "readmit", Args: "POOL [FUNCTION]", Short: "call functions again that are in quarantine because they killed workers",
				Run: func(ctx context.Context, in *Invocation) error {
					params, which := map[string]any{"pool": in.Args[0]}, "all its functions"
					if len(in.Args) > 1 {
						params["func"], which = in.Args[1], in.Args[1]
					}
					return do(ctx, in, "pool.readmit", params, "pool %s: %s can be called again", clean(in.Args[0]), clean(which))
				},
			}},
			{needs: aServer, Command: Command{
				Name: "stop", Args: "POOL", Short: "let all workers of a pool finish and leave; resume starts new ones",
				Long: "Returns when they have left. Calls wait until resume.",
				Run: func(ctx context.Context, in *Invocation) error {
					return doSlowly(ctx, in, "pool.stop", map[string]any{"pool": in.Args[0]}, "pool %s is stopped", clean(in.Args[0]))
				},
			}},
			captureVerb("profile", "POOL [TIME]", "profile all workers of a pool at once, for go tool pprof", "pool.profile"),
			each("recycle", "replace the workers one by one, losing no call", "pool.recycle", "workers are being replaced"),
		},
	}
}

func listPools(ctx context.Context, in *Invocation) error {
	all, shown, err := get[[]status.PoolStats](ctx, in, "pool.list", nil)
	if err != nil || shown {
		return err
	}
	t := &table{none: "there are no pools", columns: []column{
		{title: "POOL", flexible: true}, {title: "KIND", spare: 4}, {title: "STATE"}, {title: "READY", right: true, spare: 1},
		{title: "MIN", right: true, spare: 5}, {title: "MAX", right: true, spare: 5}, {title: "QUEUED", right: true, spare: 2},
		{title: "OLDEST", right: true, spare: 2}, {title: "RUNNING", right: true, spare: 1}, {title: "CALLS", right: true}, {title: "OK", right: true, spare: 6},
		{title: "CRASHED", right: true, spare: 3}, {title: "TIMED OUT", right: true, spare: 4}, {title: "RESTARTS", right: true, spare: 3},
	}}
	for _, p := range all {
		t.add(p.Name, p.Kind, cell{p.State, styleOf(p.State)}, count(p.Ready), count(p.Min), count(p.Max), count(p.Queued), lasting(p.OldestWait), count(p.Running),
			count(p.Calls), count(p.OK), cell{count(p.Crashed), alarming(p.Crashed)}, cell{count(p.TimedOut), alarming(p.TimedOut)},
			cell{count(p.Restarts), alarming(p.Restarts)})
	}
	in.out().table(t)
	for _, p := range all {
		in.out().reason(p.Name, p.Reason)
		in.out().reason(p.Name, quarantine(p.Poisoned))
	}
	return nil
}

func showPool(ctx context.Context, in *Invocation) error {
	p, shown, err := get[status.PoolStats](ctx, in, "pool.status", map[string]any{"pool": in.Args[0]})
	if err != nil || shown {
		return err
	}
	out := in.out()
	out.printf("%s is %s\n", out.paint(bold, oneLine(p.Name)), out.paint(styleOf(p.State), oneLine(p.State)))
	out.pairs(
		"why", p.Reason,
		"kind", p.Kind,
		"loop", interval(p),
		"workers", fmt.Sprintf("%d ready, %d to %d wanted; %d started, %d recycled, %d died", p.Ready, p.Min, p.Max, p.Started, p.Recycled, p.Died()),
		"recycled", reasons(p.RecycledBy), "ended by", reasons(p.DeathsBy),
		"memory", memory(p),
		"calls", fmt.Sprintf("%d made, %d queued, %d running, %d ok", p.Calls, p.Queued, p.Running, p.OK),
		"waiting", waits(p.OldestWait), "time", fmt.Sprintf("busy for %s, %s of processor time", span(p.Busy), span(p.CPU)),
		"bytes", traffic(p),
		"failed", some(p.Failed), "panicked", some(p.Panicked), "refused", some(p.Refused), "timed out", some(p.TimedOut),
		"canceled", some(p.Canceled), "crashed", some(p.Crashed), "dropped", some(p.Dropped), "retried", some(p.Retried),
		"corrupt", some(p.Corrupt), "forbidden", some(p.Forbidden),
		"sandbox", confined(p.Sandbox), "missing", lacking(p.Sandbox),
		"last death", p.LastDeath, "deaths", in.deaths(ctx, p.Name),
	)
	if len(p.Workers) > 0 {
		t := workersTable()
		for _, w := range p.Workers {
			addWorker(t, p.Name, &w)
		}
		out.printf("\n")
		out.table(t)
	}
	if len(p.Funcs) > 0 {
		t := &table{columns: []column{
			{title: "FUNCTION", flexible: true}, {title: "CALLS", right: true}, {title: "ERRORS", right: true}, {title: "MEAN", right: true},
			{title: "P50", right: true, spare: 5}, {title: "P90", right: true, spare: 6}, {title: "P99", right: true, spare: 1}, {title: "MAX", right: true, spare: 7},
			{title: "WAIT P99", right: true, spare: 2}, {title: "RUN P99", right: true, spare: 3}, {title: "CPU", right: true, spare: 4},
			{title: "DEATHS", right: true, spare: 8}, {title: "RETRY IN", right: true},
		}}
		for _, f := range p.Funcs {
			t.add(f.Name, count(f.Calls), cell{count(f.Errors), alarming(f.Errors)}, span(f.Mean), span(f.P50), span(f.P90), span(f.P99), span(f.Max), span(f.Wait.P99), span(f.Run.P99), lasting(f.CPU),
				cell{some(f.Deaths), yellow}, cell{lasting(f.RetryAfter), red})
		}
		t.trim()
		out.printf("\n")
		out.table(t)
	}
	return nil
}

// reasons lists counts, the largest first: "3 age, 1 memory".
func reasons(counts map[string]uint64) string {
	by := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range by {
		by[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(by, ", ")
}

// memory returns what the workers take, and may take.
func memory(p status.PoolStats) string {
	if p.Memory == 0 {
		return ""
	}
	text := fmt.Sprintf("%s, at most %s in one worker", size(p.Memory), size(p.WorkerMemoryMax))
	if p.MemoryLimit > 0 {
		text += ", limit " + size(p.MemoryLimit)
	}
	return text
}

// waits returns for how long the oldest call has been waiting.
func waits(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "the oldest call for " + span(d)
}

// traffic returns what went to workers and came back.
func traffic(p status.PoolStats) string {
	if p.BytesIn+p.BytesOut == 0 {
		return ""
	}
	return fmt.Sprintf("%s to workers, %s back", size(p.BytesIn), size(p.BytesOut))
}

// confined returns what confines a pool's workers, "" without a sandbox.
func confined(s *status.Sandbox) string {
	switch {
	case s == nil:
		return ""
	case len(s.Held) == 0:
		return "no worker has been sealed yet"
	}
	return strings.Join(s.Held, ", ")
}

// lacking returns what the system cannot hold of a pool's sandbox.
func lacking(s *status.Sandbox) string {
	if s == nil {
		return ""
	}
	return strings.Join(s.Missing, "; ")
}

// interval returns how often the workers' own loops run, "" if they have none.
func interval(p status.PoolStats) string {
	switch {
	case p.Kind != "loop":
		return ""
	case p.LoopEvery == 0:
		return "again at once"
	}
	return "every " + p.LoopEvery.String()
}

func scalePool(ctx context.Context, in *Invocation) error {
	least, err := strconv.Atoi(in.Args[1])
	most := least
	if err == nil && len(in.Args) > 2 {
		most, err = strconv.Atoi(in.Args[2])
	}
	if err != nil || least < 0 || most < max(1, least) {
		return usage("MIN and MAX are numbers of workers, MAX at least 1 and not below MIN: %s %s 2 8", in.path, in.Args[0])
	}
	return do(ctx, in, "pool.scale", map[string]any{"pool": in.Args[0], "min": least, "max": most},
		"pool %s: %d to %s", clean(in.Args[0]), least, plural(most, "worker"))
}
