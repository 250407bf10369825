package legion_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// A change that is wrong leaves everything as it was.
func TestConfigureMistakes(t *testing.T) {
	c := quiet("configured")
	c.Access, c.Command = map[string]legion.Role{"uid:1": legion.RoleRead}, []string{"/bin/true"}
	d := legion.New(c)
	before := d.Config()
	own := errors.New("no such flag")
	for want, change := range map[string]func(*legion.Config) error{
		"no such flag":        func(*legion.Config) error { return own },
		"fixed by New":        func(c *legion.Config) error { c.Name = "other"; return nil },
		"Name and MinPause":   func(c *legion.Config) error { c.MinPause = time.Hour; return nil },
		"Config.StopTimeout":  func(c *legion.Config) error { c.StopTimeout = -1; return nil },
		"Config.LogFormat":    func(c *legion.Config) error { c.Logger, c.LogFormat = nil, "xml"; return nil },
		"Config.Nice is 20":   func(c *legion.Config) error { c.Nice = 20; return nil },
		"leave LogFile":       func(c *legion.Config) error { c.LogFile = "x"; return nil },
		"LogRotation needs a": func(c *legion.Config) error { c.LogRotation.Keep = 1; return nil },
	} {
		err := d.Configure(func(c *legion.Config) error {
			c.Access["uid:2"], c.Command[0], c.Umask = legion.RoleAdmin, "/bin/false", 1
			return change(c)
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got: %v", want, err)
		}
	}
	after := d.Config()
	if after.Umask != before.Umask || !maps.Equal(after.Access, map[string]legion.Role{"uid:1": legion.RoleRead}) || !slices.Equal(after.Command, []string{"/bin/true"}) ||
		after.StopTimeout != before.StopTimeout || after.Logger != before.Logger {
		t.Errorf("it is %+v now", after)
	}
}

func TestConfigure(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("configured"))
	log := new(testkit.Log)
	err := d.Configure(func(c *legion.Config) error {
		if d.Name() != c.Name || d.Config().Name != c.Name { // it may look at the daemon
			return errors.New("it is somebody else")
		}
		c.StopTimeout = 0
		c.LogLevel = slog.LevelWarn
		c.Logger = slog.New(slog.NewTextHandler(log, nil))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := d.Config(); c.StopTimeout != 10*time.Second || d.LogLevel() != slog.LevelWarn {
		t.Errorf("StopTimeout %v, level %v", c.StopTimeout, d.LogLevel())
	}
	legiontest.Start(t, d)
	d.Logger().Info("quiet")
	d.Logger().Warn("loud")
	if s := log.String(); strings.Contains(s, "quiet") || !strings.Contains(s, "loud") {
		t.Errorf("the log: %s", s)
	}
	called := false
	err = d.Configure(func(c *legion.Config) error { called = true; return nil })
	if err == nil || !strings.Contains(err.Error(), "it has been started") || called {
		t.Errorf("after the start: %v, called: %v", err, called)
	}
}

// The address can be told before the start, by another process, and where the
// daemon's folder is relative.
func TestControlAddressBeforeTheStart(t *testing.T) {
	work := t.TempDir()
	c := quiet("placed")
	c.Control, c.WorkDir, c.RuntimeDir = "unix:?mode=0660 tcp://127.0.0.1:0?anyone=read", work, "run"
	d := legion.New(c)
	if a, err := d.ControlAddress(); err != nil || a != "unix://"+filepath.Join(work, "run", "control.sock") {
		t.Errorf("it is at %q: %v", a, err)
	}
	c.WorkDir = "below"
	here, _ := filepath.Abs(".")
	if path, err := legion.New(c).RuntimePath(); err != nil || path != filepath.Join(here, "below", "run") {
		t.Errorf("it is at %q: %v", path, err)
	}
	c.Control = "none"
	if a, err := legion.New(c).ControlAddress(); err != nil || a != "" {
		t.Errorf("none is at %q: %v", a, err)
	}
	c.Control = "nonsense"
	if _, err := legion.New(c).ControlAddress(); err == nil {
		t.Error("nonsense is somewhere")
	}
}

// Of several addresses clients are told of the first, with its port.
func TestControlAtSeveralAddresses(t *testing.T) {
	c := newControlled(t, func(c *legion.Config) {
		c.Control = "tcp://127.0.0.1:0?anyone=operate tcp://127.0.0.1:0?anyone=read " + c.Control
	}).start()
	first, err := c.d.ControlAddress()
	if err != nil || strings.HasSuffix(first, ":0") {
		t.Fatalf("it is at %q: %v", first, err)
	}
	cl := dial(t, first)
	ask[bool](t, cl, "pool.pause", args{"pool": "spare"})
	refused(t, cl, "daemon.stop", nil, -32001, "admin")
	all := ask[status.Daemon](t, cl, "daemon.status", nil).Control
	if len(all) != 3 || !strings.HasPrefix(all[0], first+"?") || all[2] != "unix://"+c.path {
		t.Errorf("the addresses: %q", all)
	}
	second, _, _ := strings.Cut(all[1], "?")
	refused(t, dial(t, second), "pool.resume", nil, -32001, "operate")
	ask[bool](t, c.dial(), "pool.resume", nil)
}

// A daemon that is a part of another program is not restarted by Legion.
func TestRestartOfAPart(t *testing.T) {
	c := newControlled(t, nil)
	if err := c.d.Restart(); err == nil {
		t.Error("a daemon that was not started restarts")
	}
	c.start()
	if err := c.d.Restart(); err == nil || !strings.Contains(err.Error(), "part of another program") {
		t.Error(err)
	}
	refused(t, c.dial(), "daemon.restart", nil, -32500, "part of another program")
	if h := ask[status.Hello](t, c.dial(), "daemon.hello", nil); h.State != "running" {
		t.Errorf("it is %s", h.State)
	}
	if err := c.d.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := c.d.Restart(); err == nil {
		t.Error("a daemon that has stopped restarts")
	}
}
