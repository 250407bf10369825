package cli

import (
	"context"
	"flag"
	"strconv"

	"github.com/legion-go/legion"
)

func workerVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "worker", Short: "list and steer single worker processes"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Args: "[POOL]", Short: "list the workers", Run: listWorkers}},
			{needs: aServer, Command: Command{
				Name: "kill", Args: "PID", Short: "end a worker at once; another takes its place",
				Long: "The call that it runs fails at its caller.",
				Run: func(ctx context.Context, in *Invocation) error {
					pid, err := in.pid(0)
					if err != nil {
						return err
					}
					return do(ctx, in, "worker.kill", map[string]any{"pid": pid}, "worker %d is killed", pid)
				},
			}},
			{needs: aServer, Command: Command{
				Name: "stack", Args: "[PID]", Short: "show the stacks of a worker, or without PID of the daemon",
				Run: showStack,
			}},
			steerWorkers("pause", "give workers no more calls", "worker.pause", "paused"),
			steerWorkers("resume", "end a pause", "worker.resume", "resumed"),
		},
	}
}

// pid is operand i.
func (in *Invocation) pid(i int) (int, error) {
	pid, err := strconv.Atoi(in.Args[i])
	if err != nil || pid <= 0 {
		return 0, usage("%q is no pid: %s ps shows those there are", in.Args[i], in.program.name)
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

func addWorker(t *table, pool string, w *legion.WorkerStats) {
	t.add(count(w.PID), pool, cell{w.State, styleOf(w.State)}, w.Call, lasting(w.For), span(w.Age), count(w.Calls),
		size(w.Memory), lasting(w.CPU), w.Retiring)
}

func listWorkers(ctx context.Context, in *Invocation) error {
	params := map[string]any{}
	if len(in.Args) > 0 {
		params["pool"] = in.Args[0]
	}
	all, shown, err := get[[]legion.PoolWorker](ctx, in, "worker.list", params)
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

// steerWorkers is a verb for one worker, those of a pool, or all.
func steerWorkers(name, short, method, done string) *verb {
	var pool string
	return &verb{needs: aServer, Command: Command{
		Name: name, Args: "[PID]", Short: short + "; without PID all workers",
		Flags: func(fs *flag.FlagSet) { fs.StringVar(&pool, "pool", "", "only workers of this `pool`") },
		Run: func(ctx context.Context, in *Invocation) error {
			params := map[string]any{}
			if len(in.Args) > 0 {
				pid, err := in.pid(0)
				if err != nil {
					return err
				}
				params["pid"] = pid
			}
			if pool != "" {
				params["pool"] = pool
			}
			out, shown, err := get[struct {
				Workers int `json:"workers"`
			}](ctx, in, method, params)
			if err == nil && !shown {
				in.say("%s %s", plural(out.Workers, "worker"), done)
			}
			return err
		},
	}}
}
