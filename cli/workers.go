package cli

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/legion-go/legion/status"
)

func workerVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "worker", Short: "list and control single worker processes"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Args: "[POOL]", Short: "list the workers", Run: listWorkers}},
			{needs: aServer, Command: Command{
				Name: "end", Args: "PID", Short: "let a worker finish its calls and leave; another replaces it",
				Run: func(ctx context.Context, in *Invocation) error {
					params, err := in.aWorker(ctx, 0)
					if err != nil {
						return err
					}
					return doSlowly(ctx, in, "worker.end", params, "worker %s has left", clean(in.Args[0]))
				},
			}},
			{needs: aServer, Command: Command{
				Name: "kill", Args: "PID", Short: "kill a worker at once; another replaces it",
				Long: "The call that it runs fails. Instead of the pid, which another process may get,\nwrite POOL/NUMBER, as in resize/12: worker ls has the number.",
				Run: func(ctx context.Context, in *Invocation) error {
					params, err := in.aWorker(ctx, 0)
					if err != nil {
						return err
					}
					return do(ctx, in, "worker.kill", params, "worker %s is killed", clean(in.Args[0]))
				},
			}},
			{needs: aServer, Command: Command{
				Name: "stack", Args: "[PID]", Short: "show the stacks of a worker or, without PID, of the daemon",
				Run: showStack,
			}},
			captureVerb("profile", "PID", "profile a worker, for go tool pprof", "worker.profile"),
			captureVerb("trace", "PID", "trace a worker, for go tool trace", "worker.trace"),
			{needs: aServer, Command: Command{
				Name: "status", Args: "[WORKER]", Short: "show the state of each pool of workers, of one pool, or the statistics of one worker",
				Long: "WORKER is the name of a pool, or the pid of a worker.",
				Run:  showWorker,
			}},
			steerWorkers("pause", "give workers no more calls, and pause their own loops", "worker.pause", "paused"),
			steerWorkers("resume", "end a pause", "worker.resume", "resumed"),
		},
	}
}

// aWorker makes parameters of operand i: a pid, or pool/number, which a later
// worker never has again.
func (in *Invocation) aWorker(ctx context.Context, i int) (map[string]any, error) {
	pool, number, named := strings.Cut(in.Args[i], "/")
	if !named {
		pid, err := strconv.Atoi(in.Args[i])
		if err != nil || pid <= 0 {
			return nil, usage("%q is not a pid: %s lists them", in.Args[i], in.verbLine("ps"))
		}
		return map[string]any{"pid": pid}, nil
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return nil, usage("%q is not a worker's pool/number: %s lists them", in.Args[i], in.verbLine("worker ls"))
	}
	var all []status.Worker
	if err := in.Call(ctx, "worker.list", map[string]any{"pool": pool}, &all); err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.ID == n && w.PID != 0 {
			return map[string]any{"pid": w.PID, "worker": n, "pool": pool}, nil
		}
	}
	return nil, fmt.Errorf("pool %s has no worker %d: %s lists those it has", pool, n, in.verbLine("worker ls"))
}

func workersTable() *table {
	return &table{none: "there are no workers", columns: []column{
		{title: "PID", right: true}, {title: "POOL", flexible: true}, {title: "NO", right: true, spare: 7}, {title: "STATE"}, {title: "CALL", flexible: true, spare: 1},
		{title: "FOR", right: true, spare: 2}, {title: "AGE", right: true, spare: 4}, {title: "CALLS", right: true, spare: 3},
		{title: "MEMORY", right: true, spare: 2}, {title: "CPU", right: true, spare: 5}, {title: "RETIRING", flexible: true, spare: 6},
	}}
}

func addWorker(t *table, pool string, w *status.WorkerStats) {
	if w.PID == 0 { // a pool without workers
		t.add("", pool, "", cell{w.State, styleOf(w.State)}, "", "", "", "", "", "", "")
		return
	}
	t.add(count(w.PID), pool, some(w.ID), cell{w.State, styleOf(w.State)}, w.Call, lasting(w.For), span(w.Age), count(w.Calls),
		size(w.Memory), lasting(w.CPU), w.Retiring)
}

func listWorkers(ctx context.Context, in *Invocation) error {
	params := map[string]any{}
	if len(in.Args) > 0 {
		params["pool"] = in.Args[0]
	}
	all, shown, err := get[[]status.Worker](ctx, in, "worker.list", params)
	if err != nil || shown {
		return err
	}
	t := workersTable()
	for _, w := range all {
		addWorker(t, w.Pool, &w.WorkerStats)
	}
	t.trim()
	in.out().table(t)
	return nil
}

func showStack(ctx context.Context, in *Invocation) error {
	method, params := "daemon.stack", map[string]any(nil)
	if len(in.Args) > 0 {
		var err error
		if params, err = in.aWorker(ctx, 0); err != nil {
			return err
		}
		method = "worker.stack"
	}
	out, shown, err := get[struct {
		Stack string `json:"stack"`
	}](ctx, in, method, params)
	if err == nil && !shown {
		in.say("%s", clean(out.Stack))
	}
	return err
}

// worker makes parameters of the operand WORKER: a pid, or the name of a pool.
func (in *Invocation) worker() map[string]any {
	if len(in.Args) == 0 {
		return map[string]any{}
	}
	if pid, err := strconv.Atoi(in.Args[0]); err == nil && pid > 0 {
		return map[string]any{"pid": pid}
	}
	return map[string]any{"worker": in.Args[0]}
}

func showWorker(ctx context.Context, in *Invocation) error {
	params := in.worker()
	if params["pid"] != nil {
		w, shown, err := get[status.Worker](ctx, in, "worker.status", params)
		if err == nil && !shown {
			t := workersTable()
			addWorker(t, w.Pool, &w.WorkerStats)
			t.trim()
			in.out().table(t)
		}
		return err
	}
	if params["worker"] != nil {
		state, shown, err := get[string](ctx, in, "worker.status", params)
		if err == nil && !shown {
			in.say("%s is %s", clean(in.Args[0]), clean(state))
		}
		return err
	}
	all, shown, err := get[map[string]string](ctx, in, "worker.status", params)
	if err != nil || shown {
		return err
	}
	t := &table{none: "there are no pools of workers", columns: []column{{title: "POOL", flexible: true}, {title: "STATE"}}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.add(name, cell{all[name], styleOf(all[name])})
	}
	in.out().table(t)
	return nil
}

// steerWorkers makes a verb for one worker, a pool, or all.
func steerWorkers(name, short, method, done string) *verb {
	var pool string
	return &verb{needs: aServer, Command: Command{
		Name: name, Args: "[WORKER]", Short: short + "; without WORKER all",
		Long: "WORKER is the name of a pool, including workers that it starts later, or the pid of a worker.",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&pool, "pool", "", "the workers that this `pool` has now, one by one")
		},
		Run: func(ctx context.Context, in *Invocation) error {
			params := in.worker()
			if pool != "" {
				params["pool"] = pool
			}
			if params["worker"] == nil && len(params) > 0 {
				out, shown, err := get[struct {
					Workers int `json:"workers"`
				}](ctx, in, method, params)
				if err == nil && !shown {
					in.say("%s %s", plural(out.Workers, "worker"), done)
				}
				return err
			}
			if params["worker"] != nil {
				return do(ctx, in, method, params, "pool %s: %s", clean(in.Args[0]), done)
			}
			all, shown, err := get[map[string]bool](ctx, in, method, params)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				if !shown && all[name] {
					in.say("pool %s: %s", clean(name), done)
				} else if !shown {
					in.say("pool %s: not %s", clean(name), done)
				}
			}
			return err
		},
	}}
}
