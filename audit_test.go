package legion_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// The audit log says who has called which function, and tells no argument; not
// even a long one in front can hide the name.
func TestAuditOfCalls(t *testing.T) {
	c := newControlled(t, nil)
	type login struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	legion.Method(c.d, "login", "", func(context.Context, login) (bool, error) { return true, nil }, legion.SecretParams())
	legion.Expose(c.d, c.do) // as call
	legion.Expose(c.d, c.spare, legion.LogParams())
	legion.Method(c.d, "plain", "", func(_ context.Context, s string) (string, error) { return s, nil })
	c.start()
	cl := c.dial()
	const secret = "hunter2"
	ask[string](t, cl, "call", args{"arg": deed{What: "pid", Path: secret, Ballast: make([]byte, 2000)}, "name": "do"})
	refused(t, cl, "call", args{"name": "do", "arg": deed{What: "error", Path: secret}}, -32500, "")
	refused(t, cl, "call", []any{"nobody", secret}, -32602, "")
	ask[status.TaskRun](t, cl, "task.run", args{"name": "job", "arg": deed{What: "pid", Path: secret}})
	for _, err := range client.Stream[int](t.Context(), cl, "call.stream", args{"name": "count", "arg": 2}) {
		if err != nil {
			t.Error(err)
		}
	}
	ask[bool](t, cl, "login", login{"me", secret})
	ask[string](t, cl, "plain", args{"value": "told"})
	ask[string](t, cl, "do", deed{What: "pid", Path: secret})
	ask[string](t, cl, "spare", args{"value": "shown"})
	await(t, func() bool { return strings.Contains(c.log.String(), "method=call.stream") }) // at its end
	log := c.log.String()
	for _, want := range []string{
		`msg="audit: done" daemon=controlled who="uid %d pid %d" role=admin via=unix://` + c.path + ` method=call params=do`,
		`method=call params=do took=`, `msg="audit: failed"`, `method=call params=nobody`, "method=task.run params=job", "method=call.stream params=count",
		"method=login params=…", "method=do params=…", `method=spare params="{\"value\":\"shown\"}"`, `method=plain params="{\"value\":\"told\"}"`,
	} {
		if strings.Contains(want, "%d") {
			want, _, _ = strings.Cut(want, "%d")
		}
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
	if strings.Contains(log, secret) {
		t.Errorf("the log tells the secret:\n%s", log)
	}
	for method, n := range map[string]int{"method=call ": 3, "method=call.stream ": 1, "method=task.run ": 1} {
		if got := strings.Count(log, method); got != n {
			t.Errorf("the log has %s %d times, not %d", method, got, n)
		}
	}
}

// Who may only look sees no stacks and no results of others, by no method, and
// cannot fill the log.
func TestControlOfAReader(t *testing.T) {
	c := newControlled(t, func(conf *legion.Config) { conf.Control += " tcp://127.0.0.1:0?anyone=read" })
	legion.Expose(c.d, c.do, legion.Allow(legion.RoleRead))
	legion.Method(c.d, "panics", "", func(context.Context, struct{}) (int, error) { panic("on the loop") }, legion.Allow(legion.RoleRead))
	c.start()
	cl := c.dial()
	run := ask[status.TaskRun](t, cl, "task.run", args{"name": "job", "arg": deed{What: "pid"}})
	if again := ask[status.TaskRun](t, cl, "task.status", args{"id": run.ID}); again.Result != run.Result || run.Result == nil {
		t.Errorf("task.status: %+v, not %+v", again, run)
	}
	reader := dial(t, ask[status.Daemon](t, cl, "daemon.status", nil).Control[1])
	if seen := ask[status.TaskRun](t, reader, "task.status", args{"id": run.ID}); seen.State != "done" || seen.Result != nil {
		t.Errorf("a reader sees %+v", seen)
	}
	operatorSees, readerSees := stacksSeen(t, c, cl), stacksSeen(t, c, reader)
	for _, where := range []string{"WorkerExited", "error", "log", "lines"} {
		if !operatorSees[where] || readerSees[where] {
			t.Errorf("stacks in %s: an operator sees them: %v, a reader: %v", where, operatorSees[where], readerSees[where])
		}
	}
	refused(t, reader, "daemon.stack", nil, -32001, "operate")
	refused(t, reader, "worker.stack", args{"pid": 1}, -32001, "operate")
	for range 200 {
		refused(t, reader, "call", args{"name": "do", "arg": "hunter2"}, -32001, "operate")
	}
	log := c.log.String()
	if n := strings.Count(log, "audit: refused"); n == 0 || n > 100 {
		t.Errorf("%d refusals are in the log", n)
	}
	if strings.Contains(log, "hunter2") {
		t.Error("the log tells the argument")
	}
}

// Who changes the log's level does not act unseen.
func TestAuditHasNoLevel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := newControlled(t, func(conf *legion.Config) { conf.Logger, conf.LogFile, conf.LogLevel = nil, path, slog.LevelError })
	c.start()
	ask[bool](t, c.dial(), "pool.pause", args{"pool": "spare"})
	if err := c.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(log), "audit: done") || strings.Contains(string(log), "msg=started") {
		t.Errorf("%v\n%s", err, log)
	}
}

// stacksSeen says where a client sees stacks: in events, in the errors of
// methods, in attributes of the log, and in lines of it.
func stacksSeen(t *testing.T, c *controlled, cl *client.Client) map[string]bool {
	t.Helper()
	const sign = "goroutine "
	seen := map[string]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	follows := make(chan bool, 1)
	events := make(chan string, 1)
	go func() {
		defer close(events)
		for e, err := range client.Stream[json.RawMessage](ctx, cl, "event.follow", args{"types": []string{"PreExecute", "ClientConnected", "WorkerExited"}}) {
			if err != nil {
				return
			}
			if strings.Contains(string(e), "ClientConnected") {
				select {
				case follows <- true:
				default:
				}
				continue
			}
			if strings.Contains(string(e), `"expected":true`) {
				continue // the task's, or a worker's before
			}
			events <- string(e)
			return
		}
	}()
	await(t, func() bool {
		c.dial() // makes an event
		select {
		case <-follows:
			return true
		case <-time.After(10 * time.Millisecond):
			return false
		}
	})
	err := cl.Call(t.Context(), "do", deed{What: "segfault"}, nil)
	var fault *client.Error
	if !errors.As(err, &fault) {
		t.Fatal(err)
	}
	seen["error"] = strings.Contains(string(fault.Data), sign)
	seen["WorkerExited"] = strings.Contains(<-events, sign)
	_ = cl.Call(t.Context(), "panics", nil, nil)
	await(t, func() bool { return strings.Contains(c.log.String(), "on the loop") })
	for _, r := range ask[[]logLine](t, cl, "log.tail", args{"level": "debug", "lines": 1000}) {
		seen["log"] = seen["log"] || strings.Contains(fmt.Sprint(r.Attrs["stack"]), sign)
		seen["lines"] = seen["lines"] || strings.HasPrefix(r.Message, sign)
	}
	return seen
}
