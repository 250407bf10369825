package legion

import (
	"context"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// keptRuns is how many task runs that have ended are remembered.
const keptRuns = 100

// taskRuns are the tasks that were started over the control socket.
type taskRuns struct {
	mu   sync.Mutex
	last uint64
	runs []*taskRun // in the order of their start
}

type taskRun struct {
	id      uint64
	name    string
	started time.Time
	begun   begun
	ended   chan struct{}

	mu   sync.Mutex
	took time.Duration // once it has ended
}

// start begins a run and remembers it.
func (t *taskRuns) start(o *offered, ctx context.Context, cancel context.CancelFunc, arg any) *taskRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	r := &taskRun{id: t.last, name: o.name, started: time.Now(), ended: make(chan struct{})}
	r.begun = o.begin(ctx, arg)
	t.runs = append(t.runs, r)
	t.forgetLocked()
	go func() {
		defer cancel()
		<-r.begun.Done()
		r.mu.Lock()
		r.took = time.Since(r.started)
		r.mu.Unlock()
		close(r.ended)
	}()
	return r
}

// forgetLocked removes the oldest of too many that have ended.
func (t *taskRuns) forgetLocked() {
	ended := 0
	for i := len(t.runs) - 1; i >= 0; i-- {
		if !t.runs[i].over() {
			continue
		}
		if ended++; ended > keptRuns {
			t.runs = append(t.runs[:i:i], t.runs[i+1:]...)
		}
	}
}

func (r *taskRun) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// info describes the run; with its result if that is wanted.
func (r *taskRun) info(result bool) TaskRun {
	i := TaskRun{ID: r.id, Name: r.name, PID: r.begun.PID(), State: r.begun.State().String(), Started: r.started, Took: time.Since(r.started)}
	if !r.over() {
		if i.State == CallDone.String() {
			i.State = CallRunning.String() // it ends just now
		}
		return i
	}
	r.mu.Lock()
	i.Took = r.took
	r.mu.Unlock()
	out, err := r.begun.result()
	i.State = CallDone.String()
	if err != nil {
		i.State, i.Error = "failed", err.Error()
	} else if result {
		i.Result = out
	}
	return i
}

// TaskList is what there is of tasks.
type TaskList struct {
	Tasks []TaskInfo `json:"tasks"`
	Runs  []TaskRun  `json:"runs"` // those started over the control socket: all that run, and the last that have ended
}

// TaskInfo is a declared task.
type TaskInfo struct {
	Name    string `json:"name"`
	Running int    `json:"running"`
	Queued  int    `json:"queued"`
	Max     int    `json:"max"`
	Calls   uint64 `json:"calls"`
}

type taskRunIn struct {
	Name    string        `json:"name" usage:"the name of a task"`
	Arg     rawJSON       `json:"arg,omitzero" usage:"its argument; without it the zero value"`
	Wait    *bool         `json:"wait" usage:"wait for its end and return its result; false returns at once. Default true"`
	Timeout time.Duration `json:"timeout,omitzero" usage:"seconds that it may take, beside what the task says"`
}

type taskIn struct {
	ID uint64 `json:"id" usage:"the number that task.run has returned"`
}

// taskMethods are those about tasks.
func (d *Daemon) taskMethods() []rpc.Method {
	return []rpc.Method{
		look("task.list", "The tasks, and those that were started over the control socket.", func(context.Context, none) (TaskList, error) {
			return d.taskList(), nil
		}),
		look("task.status", "How a task that task.run has started is getting on; its result, when it has ended.", func(_ context.Context, in taskIn) (TaskRun, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return TaskRun{}, err
			}
			return r.info(true), nil
		}),
		operate("task.run", "Runs a task in a fresh process.", d.runTask),
		operate("task.cancel", "Ends a task that task.run has started.", func(_ context.Context, in taskIn) (bool, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return false, err
			}
			r.begun.Cancel()
			return true, nil
		}),
	}
}

func (d *Daemon) taskList() TaskList {
	list := TaskList{Tasks: []TaskInfo{}, Runs: []TaskRun{}}
	for _, p := range d.pools {
		if p.fresh {
			s := p.stats()
			list.Tasks = append(list.Tasks, TaskInfo{Name: p.name, Running: s.Running, Queued: s.Queued, Max: s.Max, Calls: s.Calls})
		}
	}
	d.tasks.mu.Lock()
	runs := append([]*taskRun(nil), d.tasks.runs...)
	d.tasks.mu.Unlock()
	for _, r := range runs {
		list.Runs = append(list.Runs, r.info(false))
	}
	return list
}

// taskRun finds a run by its number.
func (d *Daemon) taskRun(id uint64) (*taskRun, error) {
	d.tasks.mu.Lock()
	defer d.tasks.mu.Unlock()
	for _, r := range d.tasks.runs {
		if r.id == id {
			return r, nil
		}
	}
	return nil, wrong("id", "there is no run %d, or it ended long ago; task.list shows those there are", id)
}

func (d *Daemon) runTask(ctx context.Context, in taskRunIn) (TaskRun, error) {
	o, arg, err := d.offerNamed(in.Name, in.Arg)
	if err != nil {
		return TaskRun{}, err
	}
	if o.kind != "task" {
		return TaskRun{}, wrong("name", "%s is no task but a %s: use call", in.Name, o.kind)
	}
	// It goes on when the client has gone: who wants its end says so.
	running, cancel := limited(d.live, in.Timeout)
	r := d.tasks.start(o, running, cancel, arg)
	if in.Wait != nil && !*in.Wait {
		return r.info(false), nil
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		return r.info(false), ctx.Err()
	}
	if _, err := r.begun.result(); err != nil {
		return TaskRun{}, err
	}
	return r.info(true), nil
}
