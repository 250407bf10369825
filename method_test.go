package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

func TestControlCallsFunctions(t *testing.T) {
	c := newControlled(t, nil)
	legion.Expose(c.d, c.spare, legion.Help("Gives back what it gets."), legion.Allow(legion.RoleRead))
	c.start()
	cl := c.dial()

	if pid := ask[string](t, cl, "call", args{"name": "do", "arg": deed{What: "pid"}}); pid == fmt.Sprint(os.Getpid()) || pid == "" {
		t.Errorf("call ran in process %s", pid)
	}
	if s := ask[string](t, cl, "call", args{"name": "spare.spare", "arg": "x"}); s != "x" {
		t.Errorf("call of spare: %q", s)
	}
	if s := ask[string](t, cl, "spare", args{"value": "exposed"}); s != "exposed" {
		t.Errorf("the exposed function: %q", s)
	}
	if s := ask[string](t, cl, "spare", []string{"by place"}); s != "by place" {
		t.Errorf("the exposed function, positional: %q", s)
	}
	refused(t, cl, "call", args{"name": "dont"}, -32602, `there is no function "dont"`)
	refused(t, cl, "call", args{"name": "do", "arg": args{"Wat": 1}}, -32602, "Wat")
	refused(t, cl, "call", args{"name": "do", "arg": deed{What: "error"}}, -32500, "it did not work")
	refused(t, cl, "call", args{"name": "do", "arg": deed{What: "exit"}}, -32400, "exit")
	refused(t, cl, "call", args{"name": "do", "arg": deed{What: "sleep", For: time.Hour}, "timeout": 0.05}, -32400, "")
	refused(t, cl, "call", args{"name": "count"}, -32602, "call.stream")

	var got []int
	for n, err := range client.Stream[int](t.Context(), cl, "call.stream", args{"name": "count", "arg": 3}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if len(got) == 0 {
		t.Error("call.stream gave nothing")
	}

	run := ask[status.TaskRun](t, cl, "task.run", args{"name": "job", "arg": deed{What: "pid"}})
	if run.State != "done" || run.Result != fmt.Sprint(run.PID) {
		t.Errorf("task.run: %+v", run)
	}
	refused(t, cl, "task.run", args{"name": "do"}, -32602, "use call")
	refused(t, cl, "task.run", args{"name": "job", "arg": deed{What: "error"}}, -32500, "it did not work")
	long := ask[status.TaskRun](t, cl, "task.run", args{"name": "job", "wait": false, "arg": deed{What: "sleep", For: time.Hour}})
	await(t, func() bool {
		return ask[status.TaskRun](t, cl, "task.status", args{"id": long.ID}).State == "running"
	})
	list := ask[status.Tasks](t, cl, "task.list", nil)
	if len(list.Tasks) != 1 || list.Tasks[0].Running != 1 || len(list.Runs) != 3 || list.Runs[1].State != "failed" {
		t.Errorf("task.list: %+v", list)
	}
	ask[bool](t, cl, "task.cancel", args{"id": long.ID})
	await(t, func() bool {
		s := ask[status.TaskRun](t, cl, "task.status", args{"id": long.ID})
		return s.State == "failed" && s.Error != ""
	})
}

func TestMethodRunsOnTheLoop(t *testing.T) {
	c := newControlled(t, nil)
	made := 0 // no lock: that is the point
	c.d.Every(time.Millisecond, func(context.Context) error { made++; return nil })
	type in struct {
		By   int  `json:"by" usage:"how much to add"`
		Then *int `json:"then"`
	}
	legion.Method(c.d, "thumbs.add", "Adds to what was made", func(ctx context.Context, x in) (int, error) {
		if legion.CallerOf(ctx).Role != legion.RoleAdmin {
			return 0, errors.New("who are you?")
		}
		made += x.By
		return made, nil
	})
	legion.Method(c.d, "thumbs.fail", "Fails", func(context.Context, struct{}) (int, error) {
		return 0, &legion.MethodError{Code: 42, Message: "no"}
	}, legion.Allow(legion.RoleRead))
	legion.Method(c.d, "thumbs.panic", "Panics", func(context.Context, struct{}) (int, error) { panic("oh no") })
	c.start()
	cl := c.dial()
	if n := ask[int](t, cl, "thumbs.add", args{"by": 1000}); n < 1000 {
		t.Errorf("thumbs.add: %d", n)
	}
	ask[int](t, cl, "thumbs.add", []int{1})
	refused(t, cl, "thumbs.add", args{"by": "many"}, -32602, "by")
	refused(t, cl, "thumbs.add", nil, -32602, "by")
	refused(t, cl, "thumbs.fail", nil, 42, "no")
	refused(t, cl, "thumbs.panic", nil, -32603, "oh no")
	ask[int](t, cl, "thumbs.add", args{"by": 1}) // the loop goes on
	if help := ask[string](t, cl, "system.methodHelp", []string{"thumbs.add"}); !strings.Contains(help, "Adds to what was made") {
		t.Errorf("system.methodHelp: %q", help)
	}
}

func TestMethodMisuse(t *testing.T) {
	fn := func(context.Context, struct{}) (int, error) { return 0, nil }
	for want, declare := range map[string]func(*legion.Daemon){
		`names that begin with "daemon."`:   func(d *legion.Daemon) { legion.Method(d, "daemon.mine", "", fn) },
		`names that begin with "call."`:     func(d *legion.Daemon) { legion.Method(d, "call.mine", "", fn) },
		`"call": it is Legion's own`:        func(d *legion.Daemon) { legion.Method(d, "call", "", fn) },
		"the name is taken by another":      func(d *legion.Daemon) { legion.Method(d, "x", "", fn); legion.Method(d, "x", "", fn) },
		`legion: the method name "a b" has`: func(d *legion.Daemon) { legion.Method(d, "a b", "", fn) },
		"the function is nil":               func(d *legion.Daemon) { legion.Method[int, int](d, "x", "", nil) },
		"legion: method x: its parameters: chan int has no JSON form": func(d *legion.Daemon) {
			legion.Method(d, "x", "", func(context.Context, chan int) (int, error) { return 0, nil })
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}()
			declare(legion.New(quiet("misuse")))
		}()
	}
}

// A method that is running when its client leaves ends in peace.
func TestMethodOutlivesItsClient(t *testing.T) {
	c := newControlled(t, nil)
	running, left := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	legion.Method(c.d, "slow", "Is slow", func(ctx context.Context, _ struct{}) ([]string, error) {
		close(running)
		<-ctx.Done()
		<-left
		ended <- ctx.Err()
		return []string{"late"}, errors.New("late, too")
	})
	c.start()
	cl := c.dial()
	var asking sync.WaitGroup
	asking.Go(func() {
		if err := cl.Call(context.Background(), "slow", nil, nil); err == nil {
			t.Error("it has an answer, though the client has left")
		}
	})
	<-running
	_ = cl.Close()
	asking.Wait()
	close(left)
	if err := <-ended; err == nil {
		t.Error("the context of the method has not ended")
	}
	ask[status.Hello](t, c.dial(), "daemon.hello", nil)
}

// A stop waits for what has begun by task.run, and lets nothing more begin.
func TestTaskRunsEndWithTheDaemon(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, func(conf *legion.Config) { conf.StopTimeout = 4 * time.Second })
	if err := c.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	cl := c.dial()
	long := ask[status.TaskRun](t, cl, "task.run", args{"name": "job", "wait": false, "arg": deed{What: "wait", For: time.Hour}})
	await(t, func() bool { return ask[status.TaskRun](t, cl, "task.status", args{"id": long.ID}).State == "running" })
	waiting := make(chan error, 1)
	other := c.dial()
	go func() {
		waiting <- other.Call(context.Background(), "task.run", args{"name": "job", "arg": deed{What: "wait", For: time.Hour}}, nil)
	}()
	await(t, func() bool { return ask[status.Tasks](t, cl, "task.list", nil).Tasks[0].Running == 2 })
	if err := c.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	var fault *client.Error
	if err := <-waiting; !errors.As(err, &fault) || fault.Code != -32400 {
		t.Errorf("who waits for a task that a stop has ended gets %v", err)
	}
	_, _ = cl.Close(), other.Close()
}
