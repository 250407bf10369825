package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parse reads a command line as main does.
func parse(t *testing.T, args ...string) (*options, error) {
	t.Helper()
	var o options
	fs := flag.NewFlagSet("thumbd", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.register(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &o, o.check()
}

func TestCheck(t *testing.T) {
	if _, err := parse(t); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for _, line := range []string{
		"-size 0", "-size 3000", "-workers 0", "-workers 1000", "-timeout 0", "-timeout 2h", "-memory 8",
	} {
		args := strings.Fields(line)
		_, err := parse(t, args...)
		if !errors.As(err, new(usageError)) {
			t.Errorf("%s: %v, want a usage error", line, err)
		} else if !strings.Contains(err.Error(), args[0]) || !strings.Contains(err.Error(), "-") {
			t.Errorf("%s: %q says neither what is wrong nor what to do", line, err)
		}
	}
}

func TestPrepareMakesTheOutFolder(t *testing.T) {
	in := t.TempDir()
	out := filepath.Join(t.TempDir(), "deep", "down")
	o, _ := parse(t, "-in", in, "-out", out)
	if err := o.prepare(); err != nil {
		t.Fatal(err)
	}
	if o.in != in || o.out != out {
		t.Errorf("in %s, out %s; want %s and %s", o.in, o.out, in, out)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("out holds %v, %v; want nothing", left, err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"no such folder":       {"-in", filepath.Join(dir, "none")},
		"a file to read":       {"-in", file},
		"a file to write into": {"-in", dir, "-out", file},
		"below a file":         {"-in", dir, "-out", filepath.Join(file, "out")},
		"twice the same":       {"-in", dir, "-out", filepath.Join(dir, ".")},
	} {
		o, _ := parse(t, args...)
		if err := o.prepare(); !errors.As(err, new(usageError)) {
			t.Errorf("%s: %v, want a usage error", name, err)
		} else if !strings.Contains(err.Error(), "give") {
			t.Errorf("%s: %q does not say what to do", name, err)
		}
	}
}
