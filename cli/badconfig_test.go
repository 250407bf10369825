package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

// configured is a program as in the documentation of package config: main loads
// the configuration, and uses it in declarations.
func configured() {
	type settings struct {
		Runtime string
		Echo    legion.Pool
	}
	conf := config.New(&settings{Runtime: os.Getenv("THUMBS_DIR") + "/elsewhere", Echo: legion.Pool{Max: 1}}, config.Options{
		File: os.Getenv("THUMBS_DIR") + "/c.yaml", Flags: flag.CommandLine,
	})
	common := Flags(flag.CommandLine)
	flag.Parse()
	if err := conf.Load(); err != nil {
		Fatal(err)
	}
	d := legion.New(legion.Config{Name: "thumbs", RuntimeDir: conf.Get().Runtime})
	d.Use(conf)
	legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, conf.Get().Echo)
	Main(d, common,
		Command{Name: "own", Run: func(_ context.Context, in *Invocation) error { fmt.Fprintln(in.Stdout, "done"); return nil }},
		Command{Name: "doctor", Run: func(_ context.Context, in *Invocation) error { fmt.Fprintln(in.Stdout, "done"); return nil }},
	)
}

// A mistake in the configuration keeps a daemon from starting, and no operator
// from stopping one.
func TestBadConfiguration(t *testing.T) {
	u := newUser(t)
	u.program = "configured"
	file := filepath.Join(u.dir, "c.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := "runtime: " + u.dir + "\necho: {max: 1}\n"
	write(good)
	u.expect(ExitOK, "the configuration of thumbs is good\n", "", "config", "check")
	u.expect(ExitOK, "done\n", "", "doctor")
	u.start("start")
	pid := u.pid()
	const typo = "there is no such key; did you mean echo.max?"
	write(good + "max: 2\n")
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"status", StatusRunning, "thumbs is running\n", ""},
		{"ps", ExitOK, "echo", ""},
		{"config show", ExitOK, "echo.max", ""},
		{"help", ExitOK, "Starting and stopping\n", ""},
		{"help stop", ExitOK, "Usage: ", ""},
		{"-h", ExitOK, "Starting and stopping\n", ""},
		{"stop -h", ExitOK, "Usage: ", ""},
		{"version", ExitOK, "legion", ""},
		{"pool pause", ExitOK, "all pools", ""},
		{"config check", ExitNotConfigured, "", typo},
		{"config show --here", ExitNotConfigured, "", typo},
		{"run", ExitNotConfigured, "", typo},
		{"start", ExitNotConfigured, "", typo},
		{"unit", ExitNotConfigured, "", typo},
		{"own", ExitNotConfigured, "", typo},
		{"doctor", ExitNotConfigured, "", typo},
		{"reload", ExitFailed, "", typo},
		{"upgrade", ExitFailed, "", typo},
		{"restart", ExitFailed, "", typo},
		{"restart -o log_level=debug", ExitNotConfigured, "", "thumbs goes on as it was"},
		{"-version", ExitUsage, "", "thumbs -h lists the flags, thumbs help the verbs; thumbs version says which version this is\n"},
	} {
		r := u.expect(c.code, c.stdout, c.stderr, strings.Fields(c.args)...)
		if n := strings.Count(r.stderr, "\n"); n > 12 {
			t.Errorf("thumbs %s: %d lines on standard error", c.args, n)
		}
	}
	write(good + "# more workers\n")
	u.expect(ExitOK, "thumbs has reloaded\n", "", "reload")
	write(strings.Replace(good, "max: 1", "max: 3", 1))
	u.expect(ExitOK, " restart or upgrade: echo.max\n", "", "reload")
	u.expect(StatusRunning, "needed for echo.max", "", "status")
	write(good + "max: 2\n")
	if now := u.pid(); now != pid {
		t.Errorf("it is process %d, and was %d", now, pid)
	}
	u.expect(ExitOK, "thumbs has stopped\n", "", "stop")
	// If it does not run, a command cannot know whether it runs elsewhere.
	u.expect(StatusUnknown, "", "its configuration, which says where, is wrong: ", "status")
	u.expect(ExitNotConfigured, "", "its configuration, which says where, is wrong: ", "stop")
	write(good)
	u.expect(StatusStopped, "thumbs is stopped", "", "status")
}
