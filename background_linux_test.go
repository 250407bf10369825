package legion_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// backgroundMain is a daemon that goes into the background, and writes there
// who it has become.
func backgroundMain() {
	c := quiet("background")
	c.Background, c.WorkDir, c.Umask = true, os.Getenv("WORK_DIR"), 0o27
	c.User = os.Getenv("BACKGROUND_USER")
	if os.Getenv("BACKGROUND_CONTROL") != "" {
		c.Control = "" // the default
	}
	d := legion.New(c)
	uid := legion.Worker(d, "uid", func(context.Context, struct{}) (int, error) { return os.Getuid(), nil }, legion.Pool{Max: 1})
	d.Init(func(context.Context) error {
		if os.Getenv("BACKGROUND_FAILS") != "" {
			return errors.New("it is not my day")
		}
		return nil
	})
	legion.On(d, func(ctx context.Context, _ event.Started) error {
		worker, err := uid.Call(ctx, struct{}{})
		if err != nil {
			return err
		}
		sid, _, _ := syscall.Syscall(syscall.SYS_GETSID, 0, 0, 0)
		text := fmt.Sprintln(os.Getpid(), sid, os.Getuid(), worker)
		if err := os.WriteFile("who.tmp", []byte(text), 0o666); err != nil {
			return err
		}
		return os.Rename("who.tmp", "who")
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// startInBackground runs the program and returns what the starter said, and how
// it ended.
func startInBackground(t *testing.T, env ...string) (said string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), programKey+"=background"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	return stderr.String(), err
}

func TestBackground(t *testing.T) {
	dir := t.TempDir()
	env := []string{"WORK_DIR=" + dir}
	user := os.Getuid()
	if user == 0 {
		user = 65534
		env = append(env, "BACKGROUND_USER=65534", "BACKGROUND_GROUP=65534")
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // the test's own too
			t.Fatal(err)
		}
	}
	said, err := startInBackground(t, env...)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	match := regexp.MustCompile(`background runs in the background, pid (\d+)`).FindStringSubmatch(said)
	if match == nil {
		t.Fatalf("the starter says %q", said)
	}
	pid, _ := strconv.Atoi(match[1])
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	var got string
	await(t, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "who"))
		got = string(b)
		return err == nil
	})
	if want := fmt.Sprintln(pid, pid, user, user); got != want {
		t.Errorf("pid, session, user, user of the worker: %q, want %q", got, want)
	}
	info, err := os.Stat(filepath.Join(dir, "who"))
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("umask: %v, %v", info.Mode(), err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	gone(t, pidfd(t, pid))
}

func TestBackgroundThatFails(t *testing.T) {
	said, err := startInBackground(t, "BACKGROUND_FAILS=1")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 && exit.ExitCode() != 3 {
		t.Errorf("the starter ended with %v", err)
	}
	if n := strings.Count(said, "it is not my day"); n != 1 {
		t.Errorf("it tells the reason %d times: %q", n, said)
	}
}

// A daemon whose control socket cannot be there runs without one, and says so
// where somebody sees it: on the terminal of its start.
func TestBackgroundWithoutControlSocket(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "background"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := startInBackground(t, "XDG_RUNTIME_DIR="+dir, "WORK_DIR="+dir, "BACKGROUND_CONTROL=1")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	match := regexp.MustCompile(`^background runs in the background, pid (\d+)\n(.*)\n$`).FindStringSubmatch(said)
	if match == nil || !strings.Contains(match[2], "without a control socket") || !strings.Contains(match[2], filepath.Join(dir, "background")) {
		t.Errorf("the starter says %q", said)
	}
	if match != nil {
		pid, _ := strconv.Atoi(match[1])
		process := pidfd(t, pid)
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		gone(t, process)
	}
}

func init() { programs["background"] = backgroundMain }
