package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/legion-go/legion/cli"
)

// legion runs a command line, and returns its exit code and what it prints.
func legion(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	l := tool()
	l.Stdin, l.Stdout, l.Stderr = strings.NewReader(""), &out, &errs
	code = l.Run(t.Context(), args)
	return code, out.String(), errs.String()
}

func TestHelp(t *testing.T) {
	code, stdout, stderr := legion(t)
	if code != cli.ExitOK {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	for _, verb := range []string{"new", "ls", "status", "ps", "logs", "pool", "call"} {
		if !strings.Contains(stdout, "\n  "+verb+" ") {
			t.Errorf("help does not list %s:\n%s", verb, stdout)
		}
	}
	for _, needsProgram := range []string{"run", "start", "unit"} {
		if strings.Contains(stdout, "\n  "+needsProgram+" ") {
			t.Errorf("help lists %s, which only a daemon's own program has", needsProgram)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"status"}, {"statu", "thumbs"}, {"ls", "thumbs"}, {"ls", "--all"}, {"new"}, {"new", "a", "b"}, {"pool", "scale", "thumbs"},
	} {
		code, stdout, stderr := legion(t, args...)
		if code != cli.ExitUsage || stdout != "" || !strings.HasPrefix(stderr, "legion: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("legion %q: exit code %d, output %q, message %q; want code 2 and one line that says what is wrong", args, code, stdout, stderr)
		}
	}
}

// A daemon that does not run and a wrong question have different errors.
func TestNotRunning(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	const absent = "no-daemon-has-this-name"
	if code, _, stderr := legion(t, "ps", absent); code != cli.ExitNotRunning || !strings.Contains(stderr, absent) {
		t.Errorf("ps: exit code %d, %s", code, stderr)
	}
	if code, _, _ := legion(t, "status", absent); code != cli.StatusStopped {
		t.Errorf("status: exit code %d, want 3, as of an init script", code)
	}
}
