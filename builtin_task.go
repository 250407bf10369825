package legion

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

const (
	// keptRuns is how many task runs that have ended are remembered, and keptResults
	// how much their results may take, in bytes as JSON.
	keptRuns    = 100
	keptResults = 16 << 20
)

// taskRuns are the tasks that were started over the control socket.
type taskRuns struct {
	mu   sync.Mutex
	last uint64
	runs []*taskRun // in the order of their start
	over bool       // the daemon has stopped

	running sync.WaitGroup // a goroutine for each run, which ends with its call
}

type taskRun struct {
	id      uint64
	name    string
	started time.Time
	ended   chan struct{}

	mu    sync.Mutex
	begun begun // nil once it has ended: it has argument and result in it
	pid   int
	took  time.Duration
	out   any
	size  int // of out, as JSON
	err   error
}

// end lets no more runs begin. Those there are have ended with their pools, but
// for what remembers them.
func (t *taskRuns) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}

// start begins a run and remembers it. It returns nil after the daemon's end.
func (t *taskRuns) start(o *offered, ctx context.Context, cancel context.CancelFunc, arg any) *taskRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		cancel()
		return nil
	}
	t.last++
	r := &taskRun{id: t.last, name: o.name, started: time.Now(), ended: make(chan struct{})}
	r.begun = o.begin(ctx, arg)
	t.runs = append(t.runs, r)
	t.forgetLocked()
	t.running.Go(func() {
		defer cancel()
		r.await()
		t.mu.Lock()
		defer t.mu.Unlock()
		close(r.ended)
		t.forgetLocked()
	})
	return r
}

// await waits for the end and keeps what it gave.
func (r *taskRun) await() {
	<-r.begun.Done()
	took := time.Since(r.started)
	out, err := r.begun.result()
	var text []byte
	if err == nil {
		if text, err = strictjson.Marshal(out); err != nil {
			out, err = nil, fmt.Errorf("it has ended well, but its result cannot be shown: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pid, r.took, r.out, r.size, r.err = r.begun.PID(), took, out, len(text), err
	r.begun = nil
}

// failure is why it has not ended well.
func (r *taskRun) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// forgetLocked removes the oldest of too many that have ended.
func (t *taskRuns) forgetLocked() {
	ended, size := 0, 0
	for i := len(t.runs) - 1; i >= 0; i-- {
		if !t.runs[i].over() {
			continue
		}
		ended++
		size += t.runs[i].size
		if ended > keptRuns || ended > 1 && size > keptResults {
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
func (r *taskRun) info(result bool) status.TaskRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := status.TaskRun{ID: r.id, Name: r.name, PID: r.pid, Started: r.started, Took: r.took}
	switch {
	case r.begun != nil:
		i.PID, i.Took, i.State = r.begun.PID(), time.Since(r.started), r.begun.State().String()
		if i.State == status.CallDone.String() {
			i.State = status.CallRunning.String() // it ends just now
		}
	case r.err != nil:
		i.State, i.Error = "failed", r.err.Error()
	default:
		i.State = status.CallDone.String()
		if result {
			i.Result = r.out
		}
	}
	return i
}

// cancel ends it.
func (r *taskRun) cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.begun != nil {
		r.begun.Cancel()
	}
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
		look("task.list", "The tasks, and those that were started over the control socket.", func(context.Context, none) (status.Tasks, error) {
			return d.taskList(), nil
		}),
		look("task.status", "How a task that task.run has started is getting on; its result, when it has ended, for who may run it.", func(ctx context.Context, in taskIn) (status.TaskRun, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return status.TaskRun{}, err
			}
			return r.info(CallerOf(ctx).Role >= RoleOperate), nil
		}),
		telling(operate("task.run", "Runs a task in a fresh process.", d.runTask), func(in taskRunIn) string { return in.Name }),
		operate("task.cancel", "Ends a task that task.run has started.", func(_ context.Context, in taskIn) (bool, error) {
			r, err := d.taskRun(in.ID)
			if err != nil {
				return false, err
			}
			r.cancel()
			return true, nil
		}),
	}
}

func (d *Daemon) taskList() status.Tasks {
	list := status.Tasks{Tasks: []status.Task{}, Runs: []status.TaskRun{}}
	for _, p := range d.pools {
		if p.fresh {
			s := p.stats()
			list.Tasks = append(list.Tasks, status.Task{Name: p.name, Running: s.Running, Queued: s.Queued, Max: s.Max, Calls: s.Calls})
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

func (d *Daemon) runTask(ctx context.Context, in taskRunIn) (status.TaskRun, error) {
	o, arg, err := d.offerNamed(in.Name, in.Arg)
	if err != nil {
		return status.TaskRun{}, err
	}
	if o.kind != "task" {
		return status.TaskRun{}, wrong("name", "%s is no task but a %s: use call", in.Name, o.kind)
	}
	// It goes on when the client has gone: who wants its end says so.
	running, cancel := limited(d.live, in.Timeout)
	r := d.tasks.start(o, running, cancel, arg)
	if r == nil {
		return status.TaskRun{}, fmt.Errorf("running the task %s: %w", in.Name, ErrStopped)
	}
	if in.Wait != nil && !*in.Wait {
		return r.info(false), nil
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		return r.info(false), ctx.Err()
	}
	return r.info(true), r.failure()
}
