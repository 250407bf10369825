package legion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/legion-go/legion/legiontest"
)

// controlled is a daemon with a control socket and a log that can be read.
type controlled struct {
	*solo
	job  *legion.Func[deed, string]
	t    testing.TB
	path string
	log  *journal
}

// journal is a log in memory.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// newControlled declares one; more may be declared before it is started.
func newControlled(t testing.TB, change func(*legion.Config)) *controlled {
	c := &controlled{t: t, path: filepath.Join(t.TempDir(), "control.sock"), log: new(journal)}
	conf := legion.Config{
		Name: "controlled", Control: "unix://" + c.path, StopTimeout: 5 * time.Second,
		Logger: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&conf)
	}
	c.declare(conf)
	return c
}

// declare is what its workers do, too.
func (c *controlled) declare(conf legion.Config) *controlled {
	c.solo = newSoloOf(conf, legion.Pool{Min: 2, Max: 2, KillGrace: 100 * time.Millisecond})
	c.job = legion.Task(c.d, "job", func(ctx context.Context, x deed) (string, error) { return new(tool).do(ctx, x) }, legion.TaskOptions{KillGrace: 50 * time.Millisecond})
	legion.StreamWorker(c.d, "count", count, legion.Pool{Max: 1, Spawn: legion.Lazy})
	return c
}

func (c *controlled) start() *controlled {
	c.t.Helper()
	legiontest.Start(c.t, c.d)
	return c
}

// dial connects a client.
func (c *controlled) dial() *client.Client {
	c.t.Helper()
	return dial(c.t, c.path)
}

func dial(t testing.TB, address string) *client.Client {
	t.Helper()
	cl, err := client.Dial(t.Context(), address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	return cl
}

// ask calls a method that is to work.
func ask[Out any](t testing.TB, c *client.Client, method string, params any) (out Out) {
	t.Helper()
	if err := c.Call(t.Context(), method, params, &out); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return out
}

// refused calls a method that is not to work, and returns its error.
func refused(t testing.TB, c *client.Client, method string, params any, code int, says string) {
	t.Helper()
	err := c.Call(t.Context(), method, params, nil)
	var fault *client.Error
	if !errors.As(err, &fault) {
		t.Fatalf("%s %v: %v, not an error of the protocol", method, params, err)
	}
	if fault.Code != code || !strings.Contains(fault.Message, says) {
		t.Errorf("%s %v: %v; want code %d and %q", method, params, fault, code, says)
	}
}

type args map[string]any

// logLine is a record of the log as a client may want it.
type logLine struct {
	Message string         `json:"message"`
	Attrs   map[string]any `json:"attrs"`
}

func TestControlShowsTheDaemon(t *testing.T) {
	c := newControlled(t, nil)
	c.d.Every(time.Hour, func(context.Context) error { return nil })
	c.d.Cron("0 3 * * *", func(context.Context) error { return nil })
	c.d.Use(&part{name: "piece", life: new([]string)})
	c.start()
	cl := c.dial()
	c.must(t, deed{What: "pid"})

	hello := ask[legion.Hello](t, cl, "daemon.hello", nil)
	if hello.Name != "controlled" || hello.PID != os.Getpid() || hello.State != "running" || hello.Protocol != 1 || hello.Uptime <= 0 {
		t.Errorf("daemon.hello: %+v", hello)
	}
	status := ask[legion.Status](t, cl, "daemon.status", nil)
	if status.Name != "controlled" || status.Workers != 2 || len(status.Pools) != 4 || status.Pools[0].Ready != 2 || status.Pools[0].Calls != 1 ||
		status.Pools[0].Errors != 0 || !slices.Equal(status.Control, []string{"unix://" + c.path}) {
		t.Errorf("daemon.status: %+v", status)
	}
	stats := ask[legion.Stats](t, cl, "daemon.stats", nil)
	if stats.Pools[0].OK != 1 || stats.Plugins["piece"] == nil {
		t.Errorf("daemon.stats: %+v", stats)
	}
	ps := ask[[]legion.Process](t, cl, "daemon.ps", nil)
	if len(ps) != 3 || ps[0].PID != os.Getpid() || ps[1].Parent != os.Getpid() || ps[1].Pool != "pool" || ps[1].Memory == 0 {
		t.Errorf("daemon.ps: %+v", ps)
	}
	if s := ask[struct {
		Stack string `json:"stack"`
	}](t, cl, "daemon.stack", nil); !strings.Contains(s.Stack, "goroutine") {
		t.Errorf("daemon.stack: %q", s.Stack)
	}
	if pools := ask[[]legion.PoolStats](t, cl, "pool.list", nil); len(pools) != 4 || pools[0].Kind != "worker" {
		t.Errorf("pool.list: %+v", pools)
	}
	funcs := ask[[]legion.FuncInfo](t, cl, "func.list", nil)
	if len(funcs) != 5 || funcs[0] != (legion.FuncInfo{Name: "do", Pool: "pool", Kind: "worker", In: "legion_test.deed", Out: "string"}) {
		t.Errorf("func.list: %+v", funcs)
	}
	crons := ask[[]legion.CronInfo](t, cl, "cron.list", nil)
	if len(crons) != 2 || crons[0].Name != "cron 0 3 * * *" || crons[0].Next == nil || crons[0].Next.Hour() != 3 || crons[1].Name != "every 1h0m0s" {
		t.Errorf("cron.list: %+v", crons)
	}
	plugins := ask[[]legion.PluginInfo](t, cl, "plugin.list", nil)
	if len(plugins) != 1 || plugins[0].Name != "piece" || plugins[0].State != "started" || plugins[0].Stats == nil {
		t.Errorf("plugin.list: %+v", plugins)
	}
	if locks := ask[[]legion.LockInfo](t, cl, "lock.list", nil); len(locks) != 0 {
		t.Errorf("lock.list: %+v", locks)
	}
	settings := ask[[]legion.Setting](t, cl, "config.show", nil)
	if !slices.Contains(settings, legion.Setting{Key: "stop_timeout", Value: "5s", Source: "legion.Config"}) {
		t.Errorf("config.show: %+v", settings)
	}
	events := ask[[]legion.EventInfo](t, cl, "event.list", nil)
	if !slices.Contains(events, legion.EventInfo{Type: "Started", Count: 1}) {
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
	if s := ask[legion.PoolStats](t, cl, "pool.status", args{"pool": "pool"}); s.State != "paused" {
		t.Errorf("after pool.pause it is %s", s.State)
	}
	ask[bool](t, cl, "pool.resume", nil)
	if s := ask[legion.PoolStats](t, cl, "pool.status", args{"pool": "pool"}); s.State != "running" {
		t.Errorf("after pool.resume it is %s", s.State)
	}
	ask[bool](t, cl, "pool.scale", args{"pool": "pool", "min": 3, "max": 4})
	await(t, func() bool { return len(c.workers("ready")) == 3 })
	refused(t, cl, "pool.scale", args{"pool": "pool", "min": 5, "max": 4}, -32500, "min <= max")
	refused(t, cl, "pool.scale", args{"pool": "pol", "min": 1, "max": 1}, -32602, "pool: ")

	before := c.workers("ready")
	ask[bool](t, cl, "pool.recycle", args{"pool": "pool"})
	await(t, func() bool {
		now := c.workers("ready")
		return len(now) == 3 && !slices.ContainsFunc(now, func(w legion.WorkerStats) bool {
			return slices.ContainsFunc(before, func(b legion.WorkerStats) bool { return b.PID == w.PID })
		})
	})
	victim := c.workers("ready")[0].PID
	w := ask[legion.PoolWorker](t, cl, "worker.status", args{"pid": victim})
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
	}](t, cl, "worker.resume", nil); n.Workers < 3 {
		t.Errorf("worker.resume did it to %d", n.Workers)
	}
	ask[bool](t, cl, "worker.kill", args{"pid": victim})
	await(t, func() bool {
		all := c.workers("")
		return !slices.ContainsFunc(all, func(w legion.WorkerStats) bool { return w.PID == victim })
	})
	refused(t, cl, "worker.kill", args{"pid": 1}, -32602, "no worker has the pid 1")
	if l := ask[struct {
		Level string `json:"level"`
	}](t, cl, "daemon.loglevel", args{"level": "warn"}); l.Level != "WARN" || c.d.LogLevel() != slog.LevelWarn {
		t.Errorf("daemon.loglevel: %v", l)
	}
	ask[bool](t, cl, "daemon.reload", nil)
}

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

	run := ask[legion.TaskRun](t, cl, "task.run", args{"name": "job", "arg": deed{What: "pid"}})
	if run.State != "done" || run.Result != fmt.Sprint(run.PID) {
		t.Errorf("task.run: %+v", run)
	}
	refused(t, cl, "task.run", args{"name": "do"}, -32602, "use call")
	refused(t, cl, "task.run", args{"name": "job", "arg": deed{What: "error"}}, -32500, "it did not work")
	long := ask[legion.TaskRun](t, cl, "task.run", args{"name": "job", "wait": false, "arg": deed{What: "sleep", For: time.Hour}})
	await(t, func() bool {
		return ask[legion.TaskRun](t, cl, "task.status", args{"id": long.ID}).State == "running"
	})
	list := ask[legion.TaskList](t, cl, "task.list", nil)
	if len(list.Tasks) != 1 || list.Tasks[0].Running != 1 || len(list.Runs) != 3 || list.Runs[1].State != "failed" {
		t.Errorf("task.list: %+v", list)
	}
	ask[bool](t, cl, "task.cancel", args{"id": long.ID})
	await(t, func() bool {
		s := ask[legion.TaskRun](t, cl, "task.status", args{"id": long.ID})
		return s.State == "failed" && s.Error != ""
	})
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
	legion.On(c.d, func(_ context.Context, s *legion.Stats) error { s.Extra["x"] = 1; return nil })
	made := 0
	legion.Method(c.d, "made", "How many were made", func(context.Context, struct{}) (int, error) { made++; return made, nil })
	c.start()
	defer once.Do(func() { close(release) })
	<-hung
	cl := c.dial()
	if s := ask[legion.Status](t, cl, "daemon.status", nil); s.Loop.Running <= 0 {
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
		`names that begin with "daemon."`: func(d *legion.Daemon) { legion.Method(d, "daemon.mine", "", fn) },
		`names that begin with "call."`:   func(d *legion.Daemon) { legion.Method(d, "call.mine", "", fn) },
		`"call": it is Legion's own`:      func(d *legion.Daemon) { legion.Method(d, "call", "", fn) },
		"there is one of that name":       func(d *legion.Daemon) { legion.Method(d, "x", "", fn); legion.Method(d, "x", "", fn) },
		"the function is nil":             func(d *legion.Daemon) { legion.Method[int, int](d, "x", "", nil) },
		"chan": func(d *legion.Daemon) {
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

func TestControlFollows(t *testing.T) {
	c := newControlled(t, nil).start()
	cl := c.dial()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	events := make(chan legion.EventRecord, 100)
	var following sync.WaitGroup
	following.Go(func() {
		for e, err := range client.Stream[legion.EventRecord](ctx, cl, "event.follow", nil) {
			if err != nil {
				return
			}
			events <- e
		}
	})
	lines := make(chan logLine, 100)
	following.Go(func() {
		for l, err := range client.Stream[logLine](ctx, cl, "log.follow", args{"lines": 0}) {
			if err != nil {
				return
			}
			lines <- l
		}
	})
	type note struct{ Text string }
	for deadline := time.After(10 * time.Second); ; { // until the follower is there
		if err := legion.Emit(ctx, c.d, note{"hello"}); err != nil {
			t.Fatal(err)
		}
		c.d.Logger().Info("a line", "group", slog.GroupValue(slog.Int("n", 7)))
		select {
		case e := <-events:
			if e.Type == "ClientConnected" {
				continue // one of those who follow
			}
			data, _ := e.Data.(map[string]any)
			if e.Type != "legion_test.note" || data["text"] != "hello" {
				t.Errorf("event.follow gave %+v", e)
			}
		case <-deadline:
			t.Fatal("event.follow gave nothing")
		case <-time.After(10 * time.Millisecond):
			continue
		}
		break
	}
	for l := range lines {
		if l.Message == "a line" {
			if g, _ := l.Attrs["group"].(map[string]any); fmt.Sprint(g["n"]) != "7" {
				t.Errorf("log.follow gave %+v", l)
			}
			break
		}
	}
	other := c.dial() // to be seen
	seen := func(kind string) {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Type == kind {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no %s", kind)
			}
		}
	}
	seen("ClientConnected")
	_ = other.Close()
	seen("ClientClosed")
	cancel()
	following.Wait()
}

func TestControlRolesAndAudit(t *testing.T) {
	const reader, operator = "reader-0123456789abcdef", "operator-0123456789abcdef"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("ops:"+operator+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newControlled(t, func(conf *legion.Config) {
		conf.Control += " tcp://127.0.0.1:0"
		conf.Access = map[string]legion.Role{"token:" + reader: legion.RoleRead, "token-file:" + file: legion.RoleOperate}
	})
	connected := make(chan legion.ClientConnected, 10)
	legion.On(c.d, func(_ context.Context, e legion.ClientConnected) error { connected <- e; return nil })
	c.start()
	var tcp string
	for _, a := range ask[legion.Status](t, c.dial(), "daemon.status", nil).Control {
		if strings.HasPrefix(a, "tcp://") {
			tcp = a
		}
	}
	as := func(token string) *client.Client {
		cl, err := client.Dial(t.Context(), tcp, client.Options{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cl.Close() })
		return cl
	}
	r, o := as(reader), as(operator)
	ask[legion.Status](t, r, "daemon.status", nil)
	refused(t, r, "pool.pause", nil, -32001, "operate")
	ask[bool](t, o, "pool.pause", args{"pool": "spare"})
	refused(t, o, "daemon.stop", nil, -32001, "admin")
	if _, err := client.Dial(t.Context(), tcp, client.Options{Token: "a-wrong-token-0123456789"}); err == nil {
		t.Error("a wrong token is let in")
	}
	ask[bool](t, c.dial(), "pool.resume", nil)
	log := c.log.String()
	for _, want := range []string{
		`msg="audit: refused" daemon=controlled who=token role=read`, `method=pool.pause`,
		`msg="audit: done" daemon=controlled who="token ops" role=operate`, `params="{\"pool\":\"spare\"}"`,
		`msg="audit: refused" daemon=controlled who="token ops" role=operate`, `method=daemon.stop`,
		fmt.Sprintf(`who="uid %d pid %d" role=admin`, os.Getuid(), os.Getpid()),
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	for _, secret := range []string{reader, operator} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the token %s", secret)
		}
		if s := fmt.Sprint(ask[[]legion.Setting](t, r, "config.show", nil)); strings.Contains(s, secret) {
			t.Errorf("config.show has the token %s", secret)
		}
	}
	if len(connected) == 0 {
		t.Error("there was no ClientConnected")
	}
}

func TestControlConfigMistakes(t *testing.T) {
	for want, change := range map[string]func(*legion.Config){
		"none stands alone": func(c *legion.Config) { c.Control = "none unix:" },
		"anyone":            func(c *legion.Config) { c.Control = "tcp://0.0.0.0:7070?anyone=read" },
		"pigeon":            func(c *legion.Config) { c.Control = "pigeon:coop" },
		"Config.Access":     func(c *legion.Config) { c.Access = map[string]legion.Role{"friend": legion.RoleRead} },
		"token:…":           func(c *legion.Config) { c.Access = map[string]legion.Role{"token:short": legion.RoleRead} },
		"no such file":      func(c *legion.Config) { c.Access = map[string]legion.Role{"token-file:/no/such/file": legion.RoleRead} },
		"127.0.0.1:0":       func(c *legion.Config) { c.Control = "tcp://127.0.0.1:0" }, // nobody could use it
		"not a directory":   func(c *legion.Config) { c.Control = "unix:///dev/null/x" },
		"/etc/passwd":       func(c *legion.Config) { c.Control = "unix:///etc/passwd" },
		"bad/file": func(c *legion.Config) { // though nobody has asked for the socket
			c.Control, c.RuntimeDir = "", t.TempDir()
			c.Access = map[string]legion.Role{"token-file:bad/file": legion.RoleRead}
		},
	} {
		c := newControlled(t, change)
		err := c.d.Start(t.Context())
		if err == nil {
			_ = c.d.Stop(context.Background())
			t.Errorf("%s: it starts", want)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got: %v", want, err)
		}
	}
}

// A daemon that nobody has given an address goes on without one, if a second of
// its name has it.
func TestControlSocketIsTaken(t *testing.T) {
	dir := t.TempDir()
	first := newControlled(t, func(c *legion.Config) { c.Control, c.RuntimeDir = "", dir }).start()
	second := newControlled(t, func(c *legion.Config) { c.Control, c.RuntimeDir = "", dir }).start()
	if !strings.Contains(second.log.String(), "there is no control socket") {
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
	if hello := ask[legion.Hello](t, dial(t, address), "daemon.hello", nil); hello.Name != "controlled" {
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
	ask[bool](t, cl, "daemon.shutdown", nil)
	<-stopping
	if s := ask[legion.Status](t, c.dial(), "daemon.status", nil); s.State != "stopping" {
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
	ask[legion.Hello](t, c.dial(), "daemon.hello", nil)
}
