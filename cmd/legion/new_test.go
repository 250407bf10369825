package main

import (
	"bytes"
	"context"
	"go/format"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

// checkout is this repository.
func checkout(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A new daemon compiles, passes its test, and runs.
func TestNew(t *testing.T) {
	slow.Test(t, "compiles, links and tests a new daemon", "4 s")
	t.Setenv("GOWORK", "")
	around := filepath.Join(t.TempDir(), "new daemons") // a space, on purpose
	dir := filepath.Join(around, "thumbs")
	if err := os.Mkdir(around, 0o700); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(around, "go.work") // of another project
	if err := os.WriteFile(work, []byte("go "+goVersion+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := legion(t, "new", "--replace", "../..", "thumbs", "--dir", dir)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, name := range []string{"go.mod", "go.sum", "main.go", "main_test.go", "README.md", ".gitignore"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(bytes.ToLower(content), []byte(patternName)) {
			t.Errorf("%s names %s:\n%s", name, patternName, content)
		}
		if strings.HasSuffix(name, ".go") {
			if formatted, err := format.Source(content); err != nil || !bytes.Equal(formatted, content) {
				t.Errorf("%s is not formatted (%v)", name, err)
			}
		}
	}
	if !strings.Contains(stdout, "go test") || !strings.Contains(stdout, "GOWORK=off") || !strings.Contains(stdout, work) {
		t.Errorf("it does not say what to do next: %s", stdout)
	}

	inside(t, dir, "go", "build", "-o", "thumbs", ".")
	inside(t, dir, "go", "test", "-count=1", ".")

	runtimeDir := t.TempDir()
	address := "unix://" + filepath.Join(runtimeDir, "control.sock")
	inside(t, dir, "./thumbs", "start", "-o", "runtime_dir="+runtimeDir, "-o", "log_file="+filepath.Join(dir, "thumbs.log"))
	t.Cleanup(func() { // with another context than the test's, which has ended
		l := tool()
		l.Stdout, l.Stderr = io.Discard, io.Discard
		_ = l.Run(context.Background(), []string{"stop", address})
	})
	if code, stdout, stderr := legion(t, "call", address, "count", `"how many words are these"`); code != 0 || strings.TrimSpace(stdout) != "5" {
		t.Errorf("call: exit code %d, %q, %s", code, stdout, stderr)
	}
	if code, stdout, stderr := legion(t, "status", address); code != 0 || !strings.Contains(stdout, "running") {
		t.Errorf("status: exit code %d, %q, %s", code, stdout, stderr)
	}
	if code, _, stderr := legion(t, "stop", address); code != 0 {
		t.Errorf("stop: exit code %d, %s", code, stderr)
	}
	if code, stdout, _ := legion(t, "status", address); code == 0 {
		t.Errorf("after stop, status says %q", stdout)
	}

	// In the foreground it ends with Ctrl-C.
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "thumbs"), "run", "-o", "runtime_dir="+runtimeDir)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(said.String(), "started") {
		n, err := log.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("it ended before it had started: %v\n%s", cmd.Wait(), said.String())
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	for err == nil {
		var n int
		n, err = log.Read(buf)
		said.Write(buf[:n])
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v\n%s", err, said.String())
	}
}

// inside runs a program in a new project.
func inside(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// An impossible project is refused before anything is written.
func TestNewRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	dir := filepath.Join(parent, "new")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{""}, "cannot be that of a daemon"},
		{[]string{"../up"}, "cannot be that of a daemon"},
		{[]string{".hidden"}, "cannot be that of a daemon"},
		{[]string{"dot."}, "cannot be that of a daemon"},
		{[]string{"two words"}, "cannot be that of a daemon"},
		{[]string{"\"+os.Exit(1)+\""}, "cannot be that of a daemon"},
		{[]string{strings.Repeat("x", 65)}, "cannot be that of a daemon"},
		{[]string{"thumbs", "--module", "two words"}, "module path"},
		{[]string{"thumbs", "--module", "example.com/../x"}, "module path"},
		{[]string{"thumbs", "--module", "example.com//x"}, "module path"},
		{[]string{"thumbs", "--module", "x\nrequire y v1"}, "module path"},
		{[]string{"thumbs", "--module", legionModule + "/thumbs"}, "belongs to Legion"},
		{[]string{"thumbs", "--replace", parent}, "not a checkout of Legion"},
		{[]string{"thumbs", "--replace", "../../examples/thumbd"}, "not a checkout of Legion"},
	} {
		code, _, stderr := legion(t, append([]string{"new", "--dir", dir}, c.args...)...)
		if code == 0 || !strings.Contains(stderr, c.says) {
			t.Errorf("new %q: exit code %d, %q; want a message with %q", c.args, code, stderr, c.says)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Fatalf("new %q has made the folder", c.args)
		}
	}
	for folder, says := range map[string]string{full: "thesis.txt", filepath.Join(full, "thesis.txt"): "--dir", "/proc/thumbs": "/proc/thumbs: no such file or directory: name another folder with --dir"} {
		if code, _, stderr := legion(t, "new", "thumbs", "--replace", "../..", "--dir", folder); code == 0 || !strings.Contains(stderr, says) {
			t.Errorf("into %s: exit code %d, %q; want a message with %q", folder, code, stderr, says)
		}
	}
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("something was written into a folder that was not empty: %v", entries)
	}
}

// Without a flag about Legion the daemon uses the checkout that the command was
// built from, from any working directory.
func TestNewFindsItsCheckout(t *testing.T) {
	slow.Test(t, "compiles a new daemon", "1 s")
	t.Setenv("GOWORK", "")
	want := checkout(t)
	t.Chdir(t.TempDir())
	code, stdout, stderr := legion(t, "new", "thumbs")
	if code != 0 || !strings.Contains(stdout, want) {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	inside(t, "thumbs", "go", "vet", ".")
}

// When anything fails, no new file or folder stays.
func TestNewLeavesNothingHalfMade(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod")
	there := t.TempDir()
	parent := filepath.Join(t.TempDir(), "a")
	for what, c := range map[string]struct{ dir, path, says string }{
		"a folder that was there": {there, os.Getenv("PATH"), "could not be fetched"},
		"folders that were not":   {filepath.Join(parent, "b", "thumbs"), os.Getenv("PATH"), "could not be fetched"},
		"no go command":           {filepath.Join(parent, "c"), t.TempDir(), "install Go"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Setenv("PATH", c.path)
			t.Setenv("GOPROXY", "off") // and nothing that was fetched before
			t.Setenv("GOMODCACHE", t.TempDir())
			code, _, stderr := legion(t, "new", "thumbs", "--dir", c.dir)
			if code == 0 || !strings.Contains(stderr, "nothing is written") || !strings.Contains(stderr, c.says) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
		})
	}
	if _, err := os.Lstat(parent); err == nil {
		t.Error("it has left a folder behind")
	}
	if entries, err := os.ReadDir(there); err != nil || len(entries) > 0 {
		t.Errorf("in the folder that was there: %v, %v", entries, err)
	}
}

// The project requires the Go version that Legion requires.
func TestGoVersion(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(checkout(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "\ngo "+goVersion+"\n") {
		t.Errorf("go.mod of Legion says another version than %s", goVersion)
	}
}

func TestQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"/src/legion":     "/src/legion",
		"/my src/legion":  `"/my src/legion"`,
		`/a"b/legion`:     `"/a\"b/legion"`,
		"/src//x/legion":  `"/src//x/legion"`,
		"/src(1)/legion":  `"/src(1)/legion"`,
		"/srç/légion-2.0": "/srç/légion-2.0",
	} {
		if got := quoted(path); got != want {
			t.Errorf("%s is written as %s, want %s", path, got, want)
		}
	}
}
