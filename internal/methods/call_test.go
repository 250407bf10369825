package methods

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

// ended is a task that has ended.
type ended struct{ arg any }

func (ended) Done() <-chan struct{}      { c := make(chan struct{}); close(c); return c }
func (ended) PID() int                   { return 7 }
func (ended) Progress() *status.Progress { return nil }
func (ended) State() status.CallState    { return status.CallDone }
func (ended) Cancel()                    {}
func (e ended) Result() (any, error)     { return e.arg, nil }

// endless is a task that ends when it is cancelled.
type endless struct{ cancelled chan struct{} }

func (e endless) Done() <-chan struct{}    { return e.cancelled }
func (endless) PID() int                   { return 7 }
func (endless) Progress() *status.Progress { return nil }
func (endless) State() status.CallState    { return status.CallRunning }
func (e endless) Cancel()                  { close(e.cancelled) }
func (e endless) Result() (any, error)     { <-e.cancelled; return nil, errors.New("cancelled") }

// withFunctions returns a daemon with functions: two of one name, a stream, and
// tasks.
func withFunctions() *fake {
	f := newFake()
	number := reflect.TypeFor[int]()
	twice := func(ctx context.Context, arg any) (any, error) {
		if _, bounded := ctx.Deadline(); bounded {
			return "bounded", nil
		}
		return 2 * arg.(int), nil
	}
	f.functions = []Function{
		{Name: "twice", Pool: "resize", Kind: "worker", In: number, Out: number, Call: twice},
		{Name: "same", Pool: "resize", Kind: "worker", In: number, Out: number, Call: twice},
		{Name: "same", Pool: "spare", Kind: "worker", In: number, Out: number, Call: func(context.Context, any) (any, error) { return "spare", nil }},
		{Name: "count", Pool: "spare", Kind: "stream", In: number, Out: number, Stream: func(_ context.Context, arg any, send func(any) error) error {
			for i := range arg.(int) {
				if err := send(i); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "nightly", Pool: "nightly", Kind: "task", In: number, Out: number, Begin: func(_ context.Context, arg any) taskruns.Call { return ended{arg} }},
		{Name: "endless", Pool: "nightly", Kind: "task", In: number, Out: number, Begin: func(ctx context.Context, _ any) taskruns.Call {
			f.lives = append(f.lives, ctx)
			return endless{make(chan struct{})}
		}},
	}
	return f
}

// Functions are called by name, with JSON, and what is not there, or of another
// kind, is refused with what to use.
func TestCallsByName(t *testing.T) {
	f := withFunctions()
	for _, c := range []struct{ name, params, result, refused string }{
		{"call", `{"name":"twice","arg":21}`, `42`, ""},
		{"call", `{"name":"twice"}`, `0`, ""},
		{"call", `{"name":"twice","timeout":1000}`, `"bounded"`, ""},
		{"call", `{"name":"spare.same"}`, `"spare"`, ""},
		{"call", `{"name":"same"}`, "", `name: several functions are called "same": write resize.same or spare.same`},
		{"call", `{"name":"nope"}`, "", `name: there is no function "nope"; there are: twice, same, same, count, nightly, endless`},
		{"call", `{"name":"twice","arg":"x"}`, "", `arg: it must be of type int: `},
		{"call", `{"name":"count"}`, "", `name: count gives a stream: use call.stream`},
		{"task.run", `{"name":"twice"}`, "", `name: twice is no task but a worker: use call`},
	} {
		result, err := f.call(t, c.name, c.params)
		if result != c.result || (c.refused == "") != (err == nil) || err != nil && !wrong(err, c.refused) {
			t.Errorf("%s %s: %s, %v", c.name, c.params, result, err)
		}
	}
	d := caller{Daemon: f}
	var got []any
	send := func(item any) error { got = append(got, item); return nil }
	if err := d.streamNamed(t.Context(), callIn{Name: "count", Arg: rawJSON("3")}, send); err != nil || !reflect.DeepEqual(got, []any{0, 1, 2}) {
		t.Errorf("%v, %v", got, err)
	}
	if err := d.streamNamed(t.Context(), callIn{Name: "twice"}, send); !wrong(err, "name: twice gives one result: use call") {
		t.Error(err)
	}
}

// A task runs until its end, or is left running and cancelled later.
func TestTasks(t *testing.T) {
	f := withFunctions()
	d := caller{Daemon: f}
	if run, err := d.runTask(t.Context(), taskRunIn{Name: "nightly", Arg: rawJSON("7")}); err != nil || run.ID != 1 || run.State != "done" || run.Result != 7 {
		t.Errorf("%+v, %v", run, err)
	}
	wait := false
	if run, err := d.runTask(t.Context(), taskRunIn{Name: "endless", Wait: &wait}); err != nil || run.ID != 2 || run.State != "running" {
		t.Errorf("%+v, %v", run, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if run, err := d.runTask(gone, taskRunIn{Name: "endless"}); !errors.Is(err, context.Canceled) || run.ID != 3 || run.State != "running" {
		t.Errorf("a client that goes away: %+v, %v", run, err)
	}
	if f.lives[1].Err() != nil {
		t.Error("the task ends with its client")
	}
	if list := d.taskList(); len(list.Tasks) != 1 || list.Tasks[0].Name != "nightly" || len(list.Runs) != 3 || list.Runs[0].Result != nil {
		t.Errorf("%+v", list)
	}
	for _, id := range []string{"2", "3"} {
		if _, err := f.call(t, "task.cancel", `{"id":`+id+`}`); err != nil {
			t.Error(err)
		}
	}
	f.tasks.Running().Wait()
	if s, err := f.call(t, "task.status", `{"id":1}`); err != nil || s == "" {
		t.Error(err)
	}
	if run, _ := d.taskRun(1); run.Info(false).Result != nil {
		t.Error("the result is for everyone")
	}
	f.tasks.End()
	if _, err := d.runTask(t.Context(), taskRunIn{Name: "nightly"}); err == nil || err.Error() == "" {
		t.Error("a task runs after the end")
	}
}

// Statistics come at once, then again, at most ten times in a second.
func TestFollowStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := caller{Daemon: newFake()}
		every := time.Nanosecond
		items, began := 0, time.Now()
		err := d.followStats(t.Context(), followStatsIn{&every}, func(s status.Daemon) error {
			if items++; items == 3 {
				return errUnlucky
			}
			return nil
		})
		if !errors.Is(err, errUnlucky) || time.Since(began) != 2*minEvery {
			t.Errorf("%d items in %v: %v", items, time.Since(began), err)
		}
	})
}
