package legion_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// While the daemon starts it can be asked, and stopped; what the program has
// declared is not called before Init has made what it needs.
func TestControlWhileStarting(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, nil)
	var made bool // by Init; on the loop
	legion.Method(c.d, "thumbs.made", "", func(context.Context, struct{}) (bool, error) { return made, nil })
	c.d.Cron("0 3 * * *", func(context.Context) error { made = false; return nil })
	begun, goOn := make(chan struct{}), make(chan struct{})
	c.d.Init(func(ctx context.Context) error {
		close(begun)
		<-goOn
		return nil
	})
	c.d.Init(func(context.Context) error { made = true; return nil })
	started := make(chan error, 1)
	go func() { started <- c.d.Start(context.Background()) }()
	<-begun
	cl, err := client.Dial(t.Context(), c.path, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if s := ask[status.Daemon](t, cl, "daemon.status", nil); s.State != "starting" {
		t.Errorf("it is %s", s.State)
	}
	refused(t, cl, "cron.run", args{"name": "0 3 * * *"}, -32400, "is still starting")
	refused(t, cl, "daemon.reload", nil, -32400, "is still starting")
	refused(t, cl, "daemon.upgrade", nil, -32400, "is still starting")
	refused(t, cl, "daemon.signal", args{"signal": "HUP"}, -32400, "is still starting")
	refused(t, cl, "pool.pause", nil, -32400, "")
	early := make(chan error, 1) // it waits for the loop
	go func() { early <- cl.Call(context.Background(), "thumbs.made", nil, nil) }()
	await(t, func() bool { return c.d.Stats().Loop.Pending > 0 })
	other, err := client.Dial(t.Context(), c.path, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	close(goOn)
	if err := <-early; err == nil || !strings.Contains(err.Error(), "is starting") {
		t.Errorf("a method before the end of Init: %v", err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if !ask[bool](t, other, "thumbs.made", nil) {
		t.Error("a method ran before Init")
	}
	if err := c.d.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestControlStopsAStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, nil)
	begun := make(chan struct{})
	c.d.Init(func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	started := make(chan error, 1)
	go func() { started <- c.d.Start(context.Background()) }()
	<-begun
	cl, err := client.Dial(t.Context(), c.path, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ask[bool](t, cl, "daemon.stop", nil)
	if err := <-started; !errors.Is(err, legion.ErrStopped) {
		t.Errorf("the start ends with %v", err)
	}
	<-cl.Done()
	if _, err := os.Lstat(c.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// Stop may come at any time of a start: nothing is left.
func TestStopWhileTheControlSocketOpens(t *testing.T) {
	legiontest.CheckLeaks(t)
	dir := t.TempDir()
	for n := range 200 {
		conf := quiet("hasty")
		conf.Control = "unix://" + filepath.Join(dir, "a.sock") + " unix://" + filepath.Join(dir, "b.sock")
		d := legion.New(conf)
		d.InProcess()
		var both sync.WaitGroup
		both.Go(func() { _ = d.Start(context.Background()) })
		for end := time.Now().Add(time.Duration(n) * 10 * time.Microsecond); time.Now().Before(end); {
		}
		_ = d.Stop(context.Background())
		both.Wait()
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("round %d has left %s", n, left[0].Name())
		}
	}
}

// A client that does not come back does not stop a stop, nor does one that
// follows the log and does not read.
func TestControlStopsInspiteOfClients(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, func(conf *legion.Config) { conf.StopTimeout = time.Hour })
	c.start()
	deaf := followDeaf(t, c)
	defer deaf.Close()
	flood(c, 3000)
	if err := c.d.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if strings.Contains(c.log.String(), "does not read") {
		t.Error("the stop has waited until the server lost its patience")
	}
}

// A plugin whose Stats hangs or panics, or returns what has no JSON form, is
// its own trouble.
func TestControlWithABadPlugin(t *testing.T) {
	c := newControlled(t, nil)
	release := make(chan struct{})
	asked := make(chan struct{}, 1000)
	c.d.Use(&figures{"hangs", func() any { asked <- struct{}{}; <-release; return 1 }})
	c.d.Use(&figures{"panics", func() any { panic("oh no") }})
	c.d.Use(&figures{"odd", func() any { return map[string]any{"x": make(chan int)} }})
	c.d.Use(&figures{"good", func() any { return 7 }})
	legion.On(c.d, func(_ context.Context, s *status.Stats) error {
		s.Extra["func"] = func() {}
		s.Extra["n"] = 1
		return nil
	})
	c.start()
	defer close(release)
	cl := c.dial()
	for _, method := range []string{"daemon.status", "daemon.ps", "pool.list", "worker.list"} {
		ask[json.RawMessage](t, cl, method, nil)
	}
	if len(asked) > 0 {
		t.Error("a plugin was asked by a method that does not show it")
	}
	for range 3 {
		type stats struct {
			Plugins map[string]any `json:"plugins"`
			Extra   map[string]any `json:"extra"`
		}
		var s stats
		await(t, func() bool { // on a busy machine a good plugin may not answer in time either
			s = ask[stats](t, cl, "daemon.stats", nil)
			return text(s.Plugins["good"]) == "7" && strings.Contains(text(s.Plugins["panics"]), "oh no") && strings.Contains(text(s.Plugins["odd"]), "chan int")
		})
		if got := text(s.Plugins["hangs"]); !strings.Contains(got, "does not answer") {
			t.Errorf("hangs: %s", got)
		}
		if text(s.Extra["n"]) != "1" || !strings.Contains(text(s.Extra["func"]), "func") {
			t.Errorf("extra: %v", s.Extra)
		}
	}
	if n := len(asked); n != 1 {
		t.Errorf("the plugin that hangs has %d goroutines hang", n)
	}
	if all := ask[[]status.Plugin](t, cl, "plugin.list", nil); len(all) != 4 || text(all[3].Stats) != "7" {
		t.Errorf("plugin.list: %+v", all)
	}
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

type figures struct {
	name  string
	stats func() any
}

func (f *figures) Name() string { return f.name }
func (f *figures) Stats() any   { return f.stats() }

// A loop that hangs finds nothing of those who have asked meanwhile and gone.
func TestControlForgetsWhoHasGone(t *testing.T) {
	c := newControlled(t, nil)
	hung, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c.d.Every(time.Hour, func(context.Context) error {
		once.Do(func() { close(hung); <-release })
		return nil
	})
	ran := 0 // on the loop
	legion.On(c.d, func(_ context.Context, s *status.Stats) error { ran++; return nil })
	c.d.Cron("0 3 1 1 *", func(context.Context) error { ran++; return nil })
	legion.Method(c.d, "run", "", func(context.Context, struct{}) (int, error) { ran++; return ran, nil })
	c.start()
	<-hung
	cl := c.dial()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := cl.Call(ctx, "cron.run", args{"name": "0 3 1 1 *"}, nil); err == nil {
		t.Error("it has run, though the loop hangs")
	}
	_ = cl.Close()
	other := c.dial()
	await(t, func() bool { return c.d.Stats().Loop.Running > time.Second }) // by then the server has seen that it is gone
	for range 5 {
		ask[json.RawMessage](t, other, "daemon.stats", nil)
	}
	if s := c.d.Stats(); s.Loop.Pending > 4 {
		t.Errorf("%d functions wait for the loop", s.Loop.Pending)
	}
	close(release)
	if n := ask[int](t, other, "run", nil); n != 1 {
		t.Errorf("%d functions of those who have gone were run", n-1)
	}
}

// Two with the same name can be told apart.
func TestControlNamesAreUnique(t *testing.T) {
	c := newControlled(t, nil)
	ran := make(chan string, 10)
	first := true // the first call is at the start
	c.d.Every(time.Hour, func(context.Context) error { return nil })
	c.d.Every(time.Hour, func(context.Context) error {
		if !first {
			ran <- "every"
		}
		first = false
		return nil
	})
	c.d.Cron("0 3 1 1 *", func(context.Context) error { return nil })
	c.d.Cron("0 3 1 1 *", func(context.Context) error { ran <- "cron"; return nil })
	dotted := legion.Worker(c.d, "pool.do", func(context.Context, string) (string, error) { return "", nil }, legion.Pool{Max: 1, Spawn: legion.Lazy})
	c.start()
	cl := c.dial()
	list := ask[[]status.Cron](t, cl, "cron.list", nil)
	want := []string{"cron 0 3 1 1 *", "cron 0 3 1 1 * #2", "every 1h0m0s", "every 1h0m0s #2"}
	for i, e := range list {
		if e.Name != want[i] || strings.Contains(e.Spec, "#") {
			t.Errorf("%d: %+v", i, e)
		}
	}
	for _, name := range []string{want[1], "0 3 1 1 * #2", want[3]} {
		ask[bool](t, cl, "cron.run", args{"name": name})
	}
	if a, b, e := <-ran, <-ran, <-ran; a != "cron" || b != "cron" || e != "every" {
		t.Error("others were run", a, b, e)
	}
	if list = ask[[]status.Cron](t, cl, "cron.list", nil); list[1].Runs != 2 || list[0].Runs != 0 {
		t.Errorf("runs: %+v", list)
	}
	refused(t, cl, "cron.run", args{"name": "every 1s"}, -32602, want[1])
	// pool.do is a function of the pool "pool", whatever others are called.
	if pid := ask[string](t, cl, "call", args{"name": "pool.do", "arg": deed{What: "pid"}}); pid == "" {
		t.Errorf("%s was called", dotted.Name())
	}
}
