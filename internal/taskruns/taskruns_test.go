package taskruns

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/status"
)

// call is a task that ends when it is told to.
type call struct {
	done  chan struct{}
	state status.CallState
	far   *status.Progress
	out   any
	err   error
}

func newCall() *call { return &call{done: make(chan struct{}), state: status.CallRunning} }

func (c *call) Done() <-chan struct{}      { return c.done }
func (c *call) PID() int                   { return 7 }
func (c *call) State() status.CallState    { return c.state }
func (c *call) Progress() *status.Progress { return c.far }
func (c *call) Cancel()                    { c.end(nil, errors.New("cancelled")) }

func (c *call) Result() (any, error) {
	<-c.done
	return c.out, c.err
}

func (c *call) end(out any, err error) {
	c.out, c.err = out, err
	close(c.done)
}

// run begins a run.
func run(t *Runs, c *call) *Run { return t.Start("job", func() Call { return c }, func() {}) }

// A run is described while it runs and after its end, with its result only for
// callers who may see it.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs Runs
		c, cancelled := newCall(), 0
		r := runs.Start("job", func() Call { return c }, func() { cancelled++ })
		time.Sleep(time.Second)
		if i := r.Info(true); i.ID != 1 || i.Name != "job" || i.PID != 7 || i.State != "running" || i.Took != time.Second || i.Result != nil {
			t.Errorf("%+v", i)
		}
		if i := r.Info(false); i.Progress != nil {
			t.Errorf("without a word: %+v", i.Progress)
		}
		c.far = &status.Progress{Done: 3, Of: 4}
		if i := r.Info(false); i.Progress != c.far {
			t.Errorf("%+v", i.Progress)
		}
		c.end("well", nil)
		<-r.Ended()
		runs.Running().Wait()
		time.Sleep(time.Hour)
		if i := r.Info(true); i.PID != 7 || i.State != "done" || i.Took != time.Second || i.Result != "well" || i.Error != "" {
			t.Errorf("%+v", i)
		}
		if i := r.Info(false); i.State != "done" || i.Result != nil || i.Progress != c.far {
			t.Errorf("%+v", i)
		}
		if cancelled != 1 || runs.Find(1) != r || runs.Find(2) != nil || r.Failure() != nil {
			t.Errorf("cancelled %d times", cancelled)
		}
		r.Cancel() // does no harm
	})
}

// Runs end badly: with an error, by Cancel, with a result that has no JSON
// form.
func TestFailedRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs Runs
		var calls [3]*call
		for i := range calls {
			calls[i] = newCall()
			run(&runs, calls[i])
		}
		calls[0].end(nil, errors.New("unlucky"))
		runs.Find(2).Cancel()
		calls[2].end(make(chan int), nil)
		runs.Running().Wait()
		for i, want := range []string{"unlucky", "cancelled", "its result cannot be shown"} {
			r := runs.Find(uint64(i + 1))
			if info := r.Info(true); info.State != "failed" || !strings.Contains(info.Error, want) || info.Result != nil || r.Failure() == nil {
				t.Errorf("%+v", info)
			}
		}
	})
}

// What has ended piles up neither in number nor in bytes; what runs is not
// forgotten.
func TestRunsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs Runs
		endless := newCall()
		run(&runs, endless)
		ended := func(n int, out any) {
			for range n {
				c := newCall()
				run(&runs, c)
				c.end(out, nil)
				synctest.Wait()
			}
		}
		ended(2*keptRuns, "small")
		if all := runs.All(); len(all) != 1+keptRuns || all[0].id != 1 || all[keptRuns].id != 1+2*keptRuns {
			t.Errorf("%d runs are remembered, from %d on", len(all), all[0].id)
		}
		ended(5, strings.Repeat("x", keptResults*3/8))
		if all := runs.All(); len(all) != 1+2 || all[0].id != 1 || all[2].id != 6+2*keptRuns {
			t.Errorf("%d runs with large results are remembered", len(all)-1)
		}
		ended(1, strings.Repeat("x", 2*keptResults))
		if n := len(runs.All()); n != 1+1 {
			t.Errorf("%d runs are remembered, one of which is too large", n-1)
		}
		endless.end(nil, nil)
	})
}

// After the end no run begins.
func TestEnd(t *testing.T) {
	var runs Runs
	runs.End()
	cancelled := false
	r := runs.Start("job", func() Call {
		t.Error("it has begun")
		return nil
	}, func() { cancelled = true })
	if r != nil || !cancelled {
		t.Errorf("%v, cancelled: %v", r, cancelled)
	}
	runs.Running().Wait()
}
