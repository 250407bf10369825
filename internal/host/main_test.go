package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary also plays processes that change their user, or that race: it
// is started again with partEnv.
const (
	partEnv = "HOST_TEST_PART"
	hang    = 30 * time.Second // guards against hanging only
)

var parts = map[string]func(args []string){}

func TestMain(m *testing.M) {
	if part, ok := os.LookupEnv(partEnv); ok {
		os.Unsetenv(partEnv)
		run := parts[part]
		if run == nil {
			fmt.Fprintf(os.Stderr, "unknown part %q\n", part)
			os.Exit(99)
		}
		run(os.Args[1:])
		os.Exit(0)
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // for the processes started; with -race each exit would take a second
	}
	os.Exit(m.Run())
}

// player is a process that plays a part. It waits by reading its stdin.
type player struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

// play starts a player that runs as a user: as the current one if uid is 0.
func play(t *testing.T, uid uint32, part string, args ...string) *player {
	t.Helper()
	c := exec.Command("/proc/self/exe", args...)
	if exe, err := os.Executable(); uid == 0 && err == nil {
		c.Path = exe
	}
	c.Env = append(os.Environ(), partEnv+"="+part)
	c.Dir = "/"
	c.Stderr = os.Stderr
	if uid != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(hang, func() { c.Process.Kill() })
	t.Cleanup(func() {
		in.Close()
		c.Wait()
		guard.Stop()
	})
	return &player{cmd: c, in: in, lines: bufio.NewScanner(out)}
}

// line returns the next line that the player prints.
func (p *player) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("it ended, or hung: %v", p.lines.Err())
	}
	return p.lines.Text()
}

// pause waits until the test closes the process's stdin.
func pause() { io.Copy(io.Discard, os.Stdin) }

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// clean unsets the variables that name a runtime folder.
func clean(t *testing.T) {
	for _, name := range []string{"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "TMPDIR"} {
		t.Setenv(name, "") // so that the test restores it
		os.Unsetenv(name)
	}
	old := runFolders
	runFolders = nil
	t.Cleanup(func() { runFolders = old })
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
}

func contains(t *testing.T, err error, what ...string) {
	t.Helper()
	for _, w := range what {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v: does not say %q", err, w)
		}
	}
}
