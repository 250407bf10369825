package config_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
	"github.com/legion-go/legion/legiontest"
)

// fileKey names the environment variable that holds the path of the service's
// configuration file.
const fileKey = "CONFIG_TEST_FILE"

type service struct {
	Greeting string
	From     string // the environment
}

// seen is what a worker sees of its configuration.
type seen struct {
	Greeting, From, Source string
	PID                    int
	Leaked                 bool // the handed over file is in its environment
}

func newService() (*legion.Daemon, *legion.Func[string, seen], *config.Config[service]) {
	c := config.New(&service{Greeting: "none"}, config.Options{File: os.Getenv(fileKey), Optional: true, Env: "SERVICE"})
	if err := c.Load(); err != nil {
		panic(err) // a worker that reads a bad file does not come up
	}
	d := legion.New(quiet("service"))
	d.Use(c)
	see := legion.Worker(d, "see", func(_ context.Context, _ string) (seen, error) {
		s := seen{Greeting: c.Get().Greeting, From: c.Get().From, Source: c.Show()[0].Source, PID: os.Getpid()}
		for _, v := range os.Environ() {
			s.Leaked = s.Leaked || strings.HasPrefix(v, "_LEGION_CONFIG")
		}
		return s, nil
	}, legion.Pool{Max: 1})
	return d, see, c
}

// Workers see the file that the daemon has accepted, whatever is on the disk.
func TestWorkersSeeWhatTheDaemonAccepted(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := write(t, "service.yaml", "greeting: one\n")
	t.Setenv(fileKey, path)
	t.Setenv("SERVICE_FROM", "env")
	d, see, c := newService()
	legiontest.Start(t, d)
	call := func() seen {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		s, err := see.Call(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		if s.Leaked || s.From != "env" {
			t.Errorf("got %+v", s)
		}
		return s
	}
	// renew replaces the worker and returns what the new one sees.
	renew := func() seen {
		t.Helper()
		old := call().PID
		if err := see.Pool().Kill(old); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			s, err := see.Call(ctx, "")
			cancel()
			if err == nil && s.PID != old {
				return s
			}
		}
		t.Fatal("no new worker came")
		return seen{}
	}
	if s := call(); s.Greeting != "one" || s.Source != path+":1" {
		t.Errorf("got %+v", s)
	}
	// A bad file has no effect, before the reload and after it was refused.
	rewrite(t, path, "greeting: [\n")
	if s := renew(); s.Greeting != "one" {
		t.Errorf("got %+v", s)
	}
	wants(t, c.Reload(t.Context()), path+":", "stays as it was")
	if s := renew(); s.Greeting != "one" {
		t.Errorf("got %+v", s)
	}
	// A good one counts from the reload on.
	rewrite(t, path, "# new\ngreeting: two\n")
	if s := renew(); s.Greeting != "one" {
		t.Errorf("got %+v", s)
	}
	if err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := renew(); s.Greeting != "two" || s.Source != path+":2" {
		t.Errorf("got %+v", s)
	}
	// So does its absence.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, "greeting: three\n")
	if s := renew(); s.Greeting != "none" || s.Source != "default" {
		t.Errorf("got %+v", s)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, still := os.LookupEnv("_LEGION_CONFIG_config"); still {
		t.Error("what was handed over is still there after Stop")
	}
}

func TestABadFileStopsTheStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := write(t, "c.yaml", "greeting: 1\ngreting: 2\n")
	d := legion.New(quiet("bad"))
	d.Use(config.New(&service{}, config.Options{File: path}))
	wants(t, d.Start(t.Context()), "plugin config: config: "+path+":2: greting: there is no such key; did you mean greeting?")
}
