package cli

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strconv"

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
					pid, err := in.pid(0)
					if err != nil {
						return err
					}
					return doSlowly(ctx, in, "worker.end", map[string]any{"pid": pid}, "worker %d has left", pid)
				},
			}},
			{needs: aServer, Command: Command{
				Name: "kill", Args: "PID", Short: "kill a worker at once; another replaces it",
				Long: "The call that it runs fails.",
				Run: func(ctx context.Context, in *Invocation) error {
					pid, err := in.pid(0)
					if err != nil {
						return err
					}
					return do(ctx, in, "worker.kill", map[string]any{"pid": pid}, "worker %d is killed", pid)
				},
			}},
			{needs: aServer, Command: Command{
				Name: "stack", Args: "[PID]", Short: "show the stacks of a worker or, without PID, of the daemon",
				Run: showStack,
			}},
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

// pid is operand i.
func (in *Invocation) pid(i int) (int, error) {
	pid, err := strconv.Atoi(in.Args[i])
	if err != nil || pid <= 0 {
		return 0, usage("%q is not a pid: %s lists them", in.Args[i], in.verbLine("ps"))
	}
	return pid, nil
}

func workersTable() *table {
	return &table{none: "there are no workers", columns: []column{
		{title: "PID", right: true}, {title: "POOL", flexible: true}, {title: "STATE"}, {title: "CALL", flexible: true, spare: 1},
		{title: "FOR", right: true, spare: 2}, {title: "AGE", right: true, spare: 4}, {title: "CALLS", right: true, spare: 3},
		{title: "MEMORY", right: true, spare: 2}, {title: "CPU", right: true, spare: 5}, {title: "RETIRING", flexible: true, spare: 6},
	}}
}

func addWorker(t *table, pool string, w *status.WorkerStats) {
	if w.PID == 0 { // a pool without workers
		t.add("", pool, cell{w.State, styleOf(w.State)}, "", "", "", "", "", "", "")
		return
	}
	t.add(count(w.PID), pool, cell{w.State, styleOf(w.State)}, w.Call, lasting(w.For), span(w.Age), count(w.Calls),
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
		pid, err := in.pid(0)
		if err != nil {
			return err
		}
		method, params = "worker.stack", map[string]any{"pid": pid}
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
