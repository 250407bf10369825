package legion_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/legiontest"
)

// Whatever keeps a worker from becoming ready, Start says it, and leaves
// nothing.
func TestBootFailure(t *testing.T) {
	for how, c := range map[string]struct{ says, stack string }{
		"error": {"no model file", ""},
		"panic": {"cannot boot", "legion_test.boot("},
		"exit":  {"exited with code 9: about to leave", ""},
		"hang":  {"boot timeout", "legion_test.hangAtBoot("},
	} {
		t.Run(how, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			t.Setenv(bootKey, how)
			s := newSolo("solo", legion.Pool{Max: 2, BootTimeout: 2 * time.Second})
			err := s.d.Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "pool pool") {
				t.Fatalf("Start says: %v", err)
			}
			var e *legion.WorkerError
			if !errors.As(err, &e) || e.Pool != "pool" || e.PID == 0 || !strings.Contains(e.Stack, c.stack) {
				t.Errorf("the error does not tell how the worker ended: %+v", e)
			}
			if _, err := s.do.Call(t.Context(), deed{}); !errors.Is(err, legion.ErrStopped) {
				t.Errorf("a call after the failed start: %v", err)
			}
			if err := s.d.Stop(t.Context()); err != nil {
				t.Errorf("stopping after the failed start: %v", err)
			}
		})
	}
}

// main returns in the worker before it has come to Run.
func TestMainEndsBeforeRun(t *testing.T) {
	if said := run(t, "early").hear("start:"); !strings.Contains(said, "main must reach") {
		t.Errorf("Start says: %s", said)
	}
}

// Each end of a worker that does not come to Start says that main runs there
// too, and the end of one that has come there says no such thing.
func TestEarlyEndsTellOfMain(t *testing.T) {
	for how, says := range map[string]string{
		"listen": "exited with code 1: listen: address already in use",
		"panic":  "cannot listen",
		"hang":   "boot timeout",
		"setup":  "no model file",
		"fatal":  "exited with code 9: about to leave",
	} {
		legiontest.CheckLeaks(t)
		t.Setenv(earlyKey, how)
		said := run(t, "early").hear("start:")
		inMain := how != "setup" && how != "fatal"
		if !strings.Contains(said, says) || strings.Contains(said, "main must reach") != inMain {
			t.Errorf("%s: Start says: %s", how, said)
		}
	}
}

// earlyKey names the environment variable that says how main ends in a worker.
const earlyKey = "LEGION_TEST_EARLY"

func earlyMain() {
	how := os.Getenv(earlyKey)
	pool := legion.Pool{}
	switch how {
	case "hang":
		pool.BootTimeout = time.Second
	case "setup":
		os.Setenv(bootKey, "error")
	case "fatal":
		os.Setenv(bootKey, "exit")
	}
	if proc.Self() != nil {
		switch how {
		case "":
			return
		case "listen":
			_, _ = os.Stderr.WriteString("listen: address already in use\n")
			os.Exit(1)
		case "panic":
			panic("cannot listen")
		case "hang":
			hangAtBoot()
		}
	}
	d := newSolo("early", pool).d
	println := func(s string) { _, _ = os.Stdout.WriteString("start: " + strings.ReplaceAll(s, "\n", " ") + "\n") }
	if err := d.Start(context.Background()); err != nil {
		println(err.Error())
		return
	}
	println("it started")
}

// unlike are daemons that declare something else in their workers.
var unlike = []func() *legion.Daemon{
	func() *legion.Daemon { return newUnlike("more") },
	func() *legion.Daemon { return newUnlike("types") },
	func() *legion.Daemon { return newUnlike("pool") },
}

func newUnlike(how string) *legion.Daemon {
	d := legion.New(quiet("unlike-" + how))
	inWorker := proc.Self() != nil
	name := "pool"
	if inWorker && how == "pool" {
		name = "lake"
	}
	w := legion.NewWorkers(d, name, boot, legion.Pool{Max: 1})
	if inWorker && how == "types" {
		legion.Handle(w, "echo", func(_ *tool, _ context.Context, n int64) (int64, error) { return n, nil })
	} else {
		legion.Handle(w, "echo", func(_ *tool, _ context.Context, s string) (string, error) { return s, nil })
	}
	if inWorker && how == "more" {
		legion.Handle(w, "extra", func(_ *tool, _ context.Context, s string) (string, error) { return s, nil })
	}
	return d
}

func TestDeclarationsDiffer(t *testing.T) {
	for i, says := range []string{
		"the worker declares 2 functions, the daemon 1",
		`function 0 is "echo" with types`,
		`pool "pool" is not declared in its worker`,
	} {
		d := unlike[i]()
		t.Run(d.Name(), func(t *testing.T) {
			legiontest.CheckLeaks(t)
			err := d.Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "declarations must be the same in every process") {
				t.Errorf("Start says: %v", err)
			}
		})
	}
}
