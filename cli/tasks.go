package cli

import (
	"context"
	"encoding/json"
	"flag"
	"strconv"
	"time"

	"github.com/legion-go/legion/status"
)

func taskVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "task", Short: "list, run and end tasks, each in a process of its own"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Short: "list the tasks, and those that were run from here", Run: listTasks}},
			runTaskVerb(),
			{needs: aServer, Command: Command{
				Name: "status", Args: "RUN", Short: "show the state of a run, or its result",
				Run: func(ctx context.Context, in *Invocation) error {
					id, err := in.run(0)
					if err != nil {
						return err
					}
					run, shown, err := get[taskRun](ctx, in, "task.status", map[string]any{"id": id})
					if err == nil && !shown {
						in.out().run(&run)
					}
					return err
				},
			}},
			{needs: aServer, Command: Command{
				Name: "cancel", Args: "RUN", Short: "end a run",
				Run: func(ctx context.Context, in *Invocation) error {
					id, err := in.run(0)
					if err != nil {
						return err
					}
					return do(ctx, in, "task.cancel", map[string]any{"id": id}, "run %d is canceled", id)
				},
			}},
		},
	}
}

type taskRun struct {
	status.TaskRun
	Result json.RawMessage `json:"result"`
}

// run is operand i: the number of a run.
func (in *Invocation) run(i int) (uint64, error) {
	id, err := strconv.ParseUint(in.Args[i], 10, 64)
	if err != nil {
		return 0, usage("%q is not the number of a run: %s lists them", in.Args[i], in.verbLine("task ls"))
	}
	return id, nil
}

func listTasks(ctx context.Context, in *Invocation) error {
	list, shown, err := get[status.Tasks](ctx, in, "task.list", nil)
	if err != nil || shown {
		return err
	}
	t := &table{none: "there are no tasks", columns: []column{
		{title: "TASK", flexible: true}, {title: "RUNNING", right: true}, {title: "QUEUED", right: true, spare: 1},
		{title: "MAX", right: true, spare: 2}, {title: "CALLS", right: true},
	}}
	for _, i := range list.Tasks {
		t.add(i.Name, count(i.Running), count(i.Queued), count(i.Max), count(i.Calls))
	}
	in.out().table(t)
	if len(list.Runs) == 0 {
		return nil
	}
	t = &table{columns: []column{
		{title: "RUN", right: true}, {title: "TASK", flexible: true}, {title: "STATE"}, {title: "PID", right: true, spare: 3},
		{title: "STARTED", spare: 2}, {title: "TOOK", right: true, spare: 1}, {title: "PROGRESS", flexible: true, spare: 1}, {title: "ERROR", flexible: true},
	}}
	for _, r := range list.Runs {
		t.add(count(r.ID), r.Name, cell{r.State, styleOf(r.State)}, some(r.PID), moment(r.Started, time.Now()), span(r.Took), clean(r.Progress.String()), r.Error)
	}
	t.trim("PROGRESS")
	in.out().printf("\n")
	in.out().table(t)
	return nil
}

func runTaskVerb() *verb {
	var detach bool
	var timeout time.Duration
	return &verb{needs: aServer, Command: Command{
		Name: "run", Args: "TASK [JSON]", Short: "run a task and print its result",
		Long: "JSON is the argument, or - to read it from the standard input; without it the zero\n" +
			"value is passed. The task goes on when this command is ended: end it with cancel.",
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&detach, "detach", false, "do not wait: print the number of the run")
			fs.DurationVar(&timeout, "timeout", 0, "how long it may take")
		},
		Run: func(ctx context.Context, in *Invocation) error {
			arg, err := in.jsonOperand(1)
			if err != nil {
				return err
			}
			params := map[string]any{"name": in.Args[0], "wait": !detach}
			if arg != nil {
				params["arg"] = arg
			}
			if timeout > 0 {
				params["timeout"] = timeout.Seconds()
			}
			var raw json.RawMessage
			if err := in.Call(ctx, "task.run", params, &raw); err != nil {
				return err
			}
			if in.JSON {
				in.out().printf("%s\n", indented(raw))
				return nil
			}
			var run struct {
				ID     uint64          `json:"id"`
				Result json.RawMessage `json:"result"`
			}
			if err := json.Unmarshal(raw, &run); err != nil {
				return err
			}
			if detach {
				in.say("%d", run.ID)
			} else if run.Result != nil {
				in.say("%s", indented(run.Result))
			}
			return nil
		},
	}}
}

// run writes the state or the result of a task.
func (p *printer) run(r *taskRun) {
	p.printf("run %d of %s is %s\n", r.ID, oneLine(r.Name), p.paint(styleOf(r.State), oneLine(r.State)))
	p.pairs("pid", some(r.PID), "started", moment(r.Started, time.Now()), "took", span(r.Took), "progress", clean(r.Progress.String()), "error", r.Error)
	if r.Result != nil {
		p.printf("%s\n", indented(r.Result))
	}
}
