package methods

import (
	"context"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

type taskRunIn struct {
	Name    string        `json:"name" usage:"the name of a task"`
	Arg     rawJSON       `json:"arg,omitzero" usage:"its argument; without it the zero value"`
	Wait    *bool         `json:"wait" usage:"wait for its end and return its result; false returns at once. Default true"`
	Timeout time.Duration `json:"timeout,omitzero" usage:"seconds that it may take, besides the task's own timeout"`
}

type taskIn struct {
	ID uint64 `json:"id" usage:"the number that task.run returned"`
}

// taskMethods are the methods about tasks.
func (d caller) taskMethods() []rpc.Method {
	return []rpc.Method{
		Look("task.list", "The tasks, and those that were started over the control socket.", func(context.Context, None) (status.Tasks, error) {
			return d.taskList(), nil
		}),
		Look("task.status", "The state of a task that task.run started; with its result, once it has ended, for callers who may run it.", func(ctx context.Context, in taskIn) (status.TaskRun, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return status.TaskRun{}, err
			}
			return r.Info(rpc.CallerOf(ctx).Role >= rpc.Operate), nil
		}),
		Telling(Operate("task.run", "Runs a task in a fresh process.", d.runTask), func(in taskRunIn) string { return in.Name }),
		Operate("task.cancel", "Ends a task that task.run started.", func(_ context.Context, in taskIn) (bool, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return false, err
			}
			r.Cancel()
			return true, nil
		}),
	}
}

func (d caller) taskList() status.Tasks {
	list := status.Tasks{Tasks: []status.Task{}, Runs: []status.TaskRun{}}
	for _, p := range d.Pools() {
		if s := p.Stats(); s.Kind == "task" {
			list.Tasks = append(list.Tasks, taskOf(s))
		}
	}
	for _, r := range d.Tasks().All() {
		list.Runs = append(list.Runs, r.Info(false))
	}
	return list
}

func taskOf(s status.PoolStats) status.Task {
	return status.Task{Name: s.Name, Running: s.Running, Queued: s.Queued, Max: s.Max, Calls: s.Calls}
}

// taskRun finds a run by its number.
func (d caller) taskRun(id uint64) (*taskruns.Run, error) {
	if r := d.Tasks().Find(id); r != nil {
		return r, nil
	}
	return nil, Wrong("id", "there is no run %d, or it ended long ago; task.list shows those there are", id)
}

func (d caller) runTask(ctx context.Context, in taskRunIn) (status.TaskRun, error) {
	o, arg, err := d.functionNamed(in.Name, in.Arg)
	if err != nil {
		return status.TaskRun{}, err
	}
	if o.Kind != "task" {
		return status.TaskRun{}, Wrong("name", "%s is no task but a %s: use call", in.Name, o.Kind)
	}
	// It goes on when the client goes: task.cancel ends it.
	running, cancel := limited(d.Live(), in.Timeout)
	r := d.Tasks().Start(o.Name, func() taskruns.Call { return o.Begin(running, arg) }, cancel)
	if r == nil {
		return status.TaskRun{}, fmt.Errorf("running the task %s: %w", in.Name, life.ErrStopped)
	}
	if in.Wait != nil && !*in.Wait {
		return r.Info(false), nil
	}
	select {
	case <-r.Ended():
	case <-ctx.Done():
		return r.Info(false), ctx.Err()
	}
	return r.Info(true), r.Failure()
}
