package legion_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// impossible asks for a user who does not exist.
var impossible = legion.Sandbox{User: "nobody at all"}

// Start says all that is missing, of all pools at once, before it starts any
// worker and before Init.
func TestMissingPartsFailTheStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("contained"))
	same := func(_ context.Context, n int) (int, error) { return n, nil }
	first, second := impossible, impossible
	first.CPU, second.User = 0.5, "nobody else"
	legion.Worker(d, "first", same, legion.Pool{Sandbox: &first})
	legion.Worker(d, "second", same, legion.Pool{Sandbox: &second})
	d.Init(func(context.Context) error { t.Error("Init was called"); return nil })
	err := d.Start(t.Context())
	if err == nil {
		t.Fatal("it started")
	}
	for _, want := range []string{"pool first: this system cannot hold its sandbox: ", "pool second: this system cannot hold its sandbox: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: it does not say %q", err, want)
		}
	}
}

// On a system without Landlock, Locked holds and a pool that needs files does
// not start; with BestEffort it serves without, and says so in the log, in its
// figures and to doctor.
func TestWithoutLandlock(t *testing.T) {
	p := run(t, "landless")
	for _, c := range []struct {
		what  string
		wants []string
	}{
		{"check:", []string{"wrong", "pool files: Pool.Sandbox: Read, Write, Setup and Exec need Landlock"}},
		{"strict:", []string{"pool files: this system cannot hold its sandbox: Read, Write, Setup and Exec need Landlock: use Linux 5.13 or later"}},
		{"effort:", []string{"missing [Read, Write, Setup and Exec need Landlock", "sealed true", "call <nil>"}},
		{"log:", []string{`msg="the sandbox of a pool is not whole"`, "pool=files", "need Landlock"}},
		{"locked:", []string{"missing []", "sealed true", "call <nil>"}},
	} {
		said := p.hear(c.what)
		for _, want := range c.wants {
			if !strings.Contains(said, want) {
				t.Errorf("%s %s: no %q", c.what, said, want)
			}
		}
	}
}

func init() { programs["landless"] = landlessMain }

func landlessMain() {
	if err := forbid(unix.SYS_LANDLOCK_CREATE_RULESET, unix.ENOSYS); err != nil {
		fmt.Println("check:", err)
		return
	}
	var log bytes.Buffer
	declare := func(name string, box *legion.Sandbox) (*legion.Daemon, *legion.Func[int, int]) {
		c := quiet("landless")
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.LogLevel = slog.LevelWarn
		d := legion.New(c)
		return d, legion.Worker(d, name, func(_ context.Context, n int) (int, error) { return n, nil }, legion.Pool{Sandbox: box})
	}
	ctx := context.Background()
	if legion.IsWorker() {
		d := legion.New(quiet("landless"))
		for _, name := range []string{"files", "locked"} {
			legion.Worker(d, name, func(_ context.Context, n int) (int, error) { return n, nil }, legion.Pool{})
		}
		_ = d.Start(ctx)
	}
	say := func(what string, err error) { fmt.Println(what, strings.ReplaceAll(fmt.Sprint(err), "\n", " ")) }
	strict, _ := declare("files", &legion.Sandbox{Read: []string{"/tmp"}})
	say("check:", fmt.Errorf("wrong: %w", strict.Check()))
	say("strict:", strict.Start(ctx))
	for _, c := range []struct {
		what, pool string
		box        *legion.Sandbox
	}{{"effort:", "files", &legion.Sandbox{Read: []string{"/tmp"}, BestEffort: true}}, {"locked:", "locked", legion.Locked()}} {
		d, f := declare(c.pool, c.box)
		if err := d.Start(ctx); err != nil {
			say(c.what, err)
			continue
		}
		_, err := f.Call(ctx, 1)
		s := f.Pool().Stats()
		fmt.Println(c.what, "missing", s.Sandbox.Missing, "sealed", s.Workers[0].Sealed, "call", err)
		_ = d.Stop(ctx)
		if c.what == "effort:" {
			say("log:", errors.New(log.String()))
		}
	}
}

// A restart must not stop a daemon that could not start again: Check finds out
// what no user of this system can have.
func TestCheckOfSandboxes(t *testing.T) {
	d := legion.New(quiet("contained"))
	d.InProcess()
	legion.Worker(d, "f", func(_ context.Context, n int) (int, error) { return n, nil }, legion.Pool{Sandbox: legion.Locked()})
	if err := d.Check(); err != nil {
		t.Errorf("workers that are goroutines are not confined: %v", err)
	}
	if err := newContained(legion.Pool{Sandbox: legion.Locked()}).d.Check(); err != nil {
		t.Errorf("this system can hold it: %v", err)
	}
}
