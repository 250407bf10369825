package leash

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// partEnv makes the test binary a part of a test run: "tests" holds a leash and
// starts "program", which starts itself in the background, and in the end the
// successor of that.
const partEnv = "LEASH_TEST_PART"

// hang bounds what should be quick; it is no measure.
const hang = time.Minute

var next = map[string]string{"tests": "program", "program": "background", "background": "successor"}

func TestMain(m *testing.M) {
	part := os.Getenv(partEnv)
	if part == "" {
		os.Exit(m.Run())
	}
	time.AfterFunc(hang, func() { os.Exit(99) })
	if part == "tests" {
		if _, err := Hold(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	} else {
		Wear()
	}
	if after := next[part]; after != "" {
		cmd := start(after, os.Stdout)
		if part == "background" { // its successor has another parent then
			os.Exit(0)
		}
		go func() { _ = cmd.Wait() }()
	} else {
		fmt.Println(os.Getenv(key))
	}
	select {}
}

func start(part string, out *os.File) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), partEnv+"="+part, "GORACE=atexit_sleep_ms=0")
	cmd.Stdout = out
	if part == "background" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return cmd
}

// Whatever the killed tests have started has ended, with its own children and
// in the background, and so has the pipe; nothing else has.
func TestNothingOutlivesTheTests(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	tests := start("tests", w)
	w.Close()
	out := bufio.NewReader(r)
	path, err := out.ReadString('\n')
	if path = strings.TrimSpace(path); err != nil || filepath.Base(path) != "pipe" {
		t.Fatal(path, err)
	}
	if err := tests.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = tests.Wait()
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 { // when no process has its other end
		t.Errorf("%q, %v", rest, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// A program that comes when its tests have ended ends at once; one that was
// started by no tests lives.
func TestWearLate(t *testing.T) {
	if os.Getenv(key) == "" {
		Wear()
	}
	t.Setenv(key, filepath.Join(t.TempDir(), "pipe"))
	if err := start("successor", nil).Wait(); err == nil || err.Error() != "exit status 9" {
		t.Error(err)
	}
}

// Tests that end leave no file.
func TestRelease(t *testing.T) {
	t.Setenv(key, "")
	t.Setenv("TMPDIR", t.TempDir())
	release, err := Hold()
	if err != nil {
		t.Fatal(err)
	}
	release()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
