package legion_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

func TestControlShowsTheDaemon(t *testing.T) {
	c := newControlled(t, nil)
	c.d.Every(time.Hour, func(context.Context) error { return nil })
	c.d.Cron("0 3 * * *", func(context.Context) error { return nil })
	c.d.Use(&part{name: "piece", life: new([]string)})
	c.start()
	cl := c.dial()
	c.must(t, deed{What: "pid"})

	hello := ask[status.Hello](t, cl, "daemon.hello", nil)
	if hello.Name != "controlled" || hello.PID != os.Getpid() || hello.State != "running" || hello.Protocol != 1 || hello.Uptime <= 0 {
		t.Errorf("daemon.hello: %+v", hello)
	}
	summary := ask[status.Daemon](t, cl, "daemon.status", nil)
	if summary.Name != "controlled" || summary.Workers != 2 || len(summary.Pools) != 4 || summary.Pools[0].Ready != 2 || summary.Pools[0].Calls != 1 ||
		summary.Pools[0].Errors != 0 || !slices.Equal(summary.Control, []string{"unix://" + c.path}) {
		t.Errorf("daemon.status: %+v", summary)
	}
	stats := ask[status.Stats](t, cl, "daemon.stats", nil)
	if stats.Pools[0].OK != 1 || stats.Plugins["piece"] == nil {
		t.Errorf("daemon.stats: %+v", stats)
	}
	ps := ask[[]status.Process](t, cl, "daemon.ps", nil)
	if len(ps) != 3 || ps[0].PID != os.Getpid() || ps[1].Parent != os.Getpid() || ps[1].Pool != "pool" || ps[1].Memory == 0 {
		t.Errorf("daemon.ps: %+v", ps)
	}
	if s := ask[struct {
		Stack string `json:"stack"`
	}](t, cl, "daemon.stack", nil); !strings.Contains(s.Stack, "goroutine") {
		t.Errorf("daemon.stack: %q", s.Stack)
	}
	if pools := ask[[]status.PoolStats](t, cl, "pool.list", nil); len(pools) != 4 || pools[0].Kind != "worker" {
		t.Errorf("pool.list: %+v", pools)
	}
	funcs := ask[[]status.Func](t, cl, "func.list", nil)
	if len(funcs) != 5 || funcs[0] != (status.Func{Name: "do", Pool: "pool", Kind: "worker", In: "legion_test.deed", Out: "string"}) {
		t.Errorf("func.list: %+v", funcs)
	}
	crons := ask[[]status.Cron](t, cl, "cron.list", nil)
	if len(crons) != 2 || crons[0].Name != "cron 0 3 * * *" || crons[0].Next == nil || crons[0].Next.Hour() != 3 || crons[1].Name != "every 1h0m0s" {
		t.Errorf("cron.list: %+v", crons)
	}
	plugins := ask[[]status.Plugin](t, cl, "plugin.list", nil)
	if len(plugins) != 1 || plugins[0].Name != "piece" || plugins[0].State != "started" || plugins[0].Stats == nil {
		t.Errorf("plugin.list: %+v", plugins)
	}
	if locks := ask[[]status.Lock](t, cl, "lock.list", nil); len(locks) != 0 {
		t.Errorf("lock.list: %+v", locks)
	}
	settings := ask[[]status.Setting](t, cl, "config.show", nil)
	if !slices.Contains(settings, status.Setting{Key: "stop_timeout", Value: "30s", Source: "legion.Config"}) {
		t.Errorf("config.show: %+v", settings)
	}
	events := ask[[]status.EventType](t, cl, "event.list", nil)
	if !slices.Contains(events, status.EventType{Type: "Started", Count: 1}) {
		t.Errorf("event.list: %+v", events)
	}
	records := ask[[]logLine](t, cl, "log.tail", args{"lines": 100})
	if !slices.ContainsFunc(records, func(r logLine) bool {
		return r.Message == "started" && r.Attrs["daemon"] == "controlled"
	}) {
		t.Errorf("log.tail: %+v", records)
	}
	if rest := ask[[]json.RawMessage](t, cl, "log.tail", args{"lines": 1, "level": "info"}); len(rest) != 1 {
		t.Errorf("log.tail of one line: %s", rest)
	}
}

func TestControlSteersPools(t *testing.T) {
	c := newControlled(t, nil).start()
	cl := c.dial()
	ask[bool](t, cl, "pool.pause", args{"pool": "pool"})
	if s := ask[status.PoolStats](t, cl, "pool.status", args{"pool": "pool"}); s.State != "paused" {
		t.Errorf("after pool.pause it is %s", s.State)
	}
	ask[bool](t, cl, "pool.resume", nil)
	if s := ask[status.PoolStats](t, cl, "pool.status", args{"pool": "pool"}); s.State != "running" {
		t.Errorf("after pool.resume it is %s", s.State)
	}
	if r := ask[status.Recent](t, cl, "pool.recent", args{"pool": "pool"}); r.Calls == nil || r.Workers == nil {
		t.Errorf("pool.recent: %+v", r)
	}
	ask[bool](t, cl, "pool.scale", args{"pool": "pool", "min": 3, "max": 4})
	await(t, func() bool { return len(c.workers("ready")) == 3 })
	refused(t, cl, "pool.scale", args{"pool": "pool", "min": 5, "max": 4}, -32500, "min <= max")
	refused(t, cl, "pool.scale", args{"pool": "pol", "min": 1, "max": 1}, -32602, "pool: ")

	before := c.workers("ready")
	ask[bool](t, cl, "pool.recycle", args{"pool": "pool"})
	await(t, func() bool {
		now := c.workers("ready")
		return len(now) == 3 && !slices.ContainsFunc(now, func(w status.WorkerStats) bool {
			return slices.ContainsFunc(before, func(b status.WorkerStats) bool { return b.PID == w.PID })
		})
	})
	victim := c.workers("ready")[0].PID
	w := ask[status.Worker](t, cl, "worker.status", args{"pid": victim})
	if w.Pool != "pool" || w.PID != victim {
		t.Errorf("worker.status: %+v", w)
	}
	if s := ask[struct {
		Stack string `json:"stack"`
	}](t, cl, "worker.stack", args{"pid": victim}); !strings.Contains(s.Stack, "goroutine") {
		t.Errorf("worker.stack: %q", s.Stack)
	}
	if n := ask[struct {
		Workers int `json:"workers"`
	}](t, cl, "worker.pause", args{"pid": victim}); n.Workers != 1 {
		t.Errorf("worker.pause did it to %d", n.Workers)
	}
	if n := ask[struct {
		Workers int `json:"workers"`
	}](t, cl, "worker.resume", args{"pool": "pool"}); n.Workers < 3 {
		t.Errorf("worker.resume did it to %d", n.Workers)
	}
	ask[bool](t, cl, "pool.stop", args{"pool": "pool"})
	if s := ask[string](t, cl, "worker.status", []any{"pool"}); s != "stopped" || len(c.workers("")) != 0 {
		t.Errorf("after pool.stop it is %s, with %d workers", s, len(c.workers("")))
	}
	ask[bool](t, cl, "worker.resume", []any{"pool"})
	await(t, func() bool { return len(c.workers("ready")) == 3 })
	leaver := c.workers("ready")[0].PID
	ask[bool](t, cl, "worker.end", args{"pid": leaver})
	await(t, func() bool { return len(c.workers("ready")) == 3 })
	if slices.ContainsFunc(c.workers(""), func(w status.WorkerStats) bool { return w.PID == leaver }) {
		t.Error("a worker is there after worker.end")
	}
	victim = c.workers("ready")[0].PID
	ask[bool](t, cl, "worker.kill", args{"pid": victim})
	await(t, func() bool {
		all := c.workers("")
		return !slices.ContainsFunc(all, func(w status.WorkerStats) bool { return w.PID == victim })
	})
	refused(t, cl, "worker.kill", args{"pid": 1}, -32602, "no worker has the pid 1")
	if l := ask[struct {
		Level string `json:"level"`
	}](t, cl, "daemon.loglevel", args{"level": "warn"}); l.Level != "WARN" || c.d.LogLevel() != slog.LevelWarn {
		t.Errorf("daemon.loglevel: %v", l)
	}
	ask[bool](t, cl, "daemon.reload", nil)
}

// What an operator needs when something is wrong works although the loop hangs.
func TestControlNeverWaitsForTheLoop(t *testing.T) {
	c := newControlled(t, nil)
	hung, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c.d.Every(time.Hour, func(context.Context) error {
		close(hung)
		<-release
		return nil
	})
	legion.On(c.d, func(_ context.Context, s *status.Stats) error { s.Extra["x"] = 1; return nil })
	made := 0
	legion.Method(c.d, "made", "How many were made", func(context.Context, struct{}) (int, error) { made++; return made, nil })
	c.start()
	defer once.Do(func() { close(release) })
	<-hung
	cl := c.dial()
	if s := ask[status.Daemon](t, cl, "daemon.status", nil); s.Loop.Running <= 0 {
		t.Errorf("the loop hangs, and daemon.status says it has been running for %v", s.Loop.Running)
	}
	for _, method := range []string{"daemon.hello", "daemon.stats", "daemon.ps", "daemon.stack", "pool.list", "worker.list", "log.tail", "event.list", "cron.list", "task.list", "plugin.list", "rpc.discover"} {
		ask[json.RawMessage](t, cl, method, nil)
	}
	ask[json.RawMessage](t, cl, "worker.stack", args{"pid": c.workers("ready")[0].PID})
	for _, err := range client.Stream[json.RawMessage](t.Context(), cl, "stats.follow", nil) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := cl.Call(ctx, "made", nil, nil); err == nil {
		t.Error("a method on the loop has run, though the loop hangs")
	}
	ask[bool](t, c.dial(), "daemon.stop", nil)
	once.Do(func() { close(release) })
	if err := c.d.Wait(); err != nil {
		t.Error(err)
	}
}

// A daemon with the default address continues without it, if another daemon of
// its name has it.
func TestControlSocketIsTaken(t *testing.T) {
	dir := t.TempDir()
	first := newControlled(t, func(c *legion.Config) { c.Control, c.RuntimeDir = "", dir }).start()
	second := newControlled(t, func(c *legion.Config) { c.Control, c.RuntimeDir = "", dir }).start()
	if !strings.Contains(second.log.String(), "the daemon runs without a control socket") {
		t.Errorf("the second one does not tell:\n%s", second.log)
	}
	address, err := first.d.ControlAddress()
	if err != nil || address != "unix://"+filepath.Join(dir, "control.sock") {
		t.Errorf("it is at %q: %v", address, err)
	}
	third := newControlled(t, func(c *legion.Config) { c.Control, c.RuntimeDir = "unix:", dir })
	if err := third.d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "control.sock") {
		t.Errorf("the third one, which was told to, starts: %v", err)
	}
	if hello := ask[status.Hello](t, dial(t, address), "daemon.hello", nil); hello.Name != "controlled" {
		t.Errorf("the first one says %+v", hello)
	}
}

// The socket can be asked while the daemon stops, and is gone with it.
func TestControlWhileStopping(t *testing.T) {
	c := newControlled(t, nil)
	stopping, goOn := make(chan struct{}), make(chan struct{})
	c.d.Teardown(func(context.Context) error {
		close(stopping)
		<-goOn
		return nil
	})
	c.start()
	cl := c.dial()
	ask[bool](t, cl, "daemon.stop", nil)
	<-stopping
	if s := ask[status.Daemon](t, c.dial(), "daemon.status", nil); s.State != "stopping" {
		t.Errorf("it is %s", s.State)
	}
	close(goOn)
	<-cl.Done()
	if err := c.d.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(c.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}
