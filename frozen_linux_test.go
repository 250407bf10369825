package legion_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
)

// A freezer holds processes so that even SIGKILL does not end them, until it
// thaws them.
type freezer string

func newFreezer(t *testing.T) freezer {
	t.Helper()
	const root = "/sys/fs/cgroup/freezer"
	if _, err := os.Stat(root + "/cgroup.procs"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and the freezer of cgroup v1: that of v2 lets SIGKILL through")
	}
	f := freezer(filepath.Join(root, "legion-test-"+strconv.Itoa(os.Getpid())))
	if err := os.Mkdir(string(f), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.set(t, "freezer.state", "THAWED")
		await(t, func() bool { return os.Remove(string(f)) == nil }) // its processes end first
	})
	return f
}

func (f freezer) set(t *testing.T, file, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(f), file), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

// A worker that SIGKILL does not end keeps nobody waiting: its call is
// answered, another worker takes its place, the log says so, and the daemon
// stops without it.
func TestFrozenWorker(t *testing.T) {
	slow.Test(t, "waits until a kill is given up, twice", "11 s")
	f := newFreezer(t)
	c := logged(legion.Config{LogFile: filepath.Join(t.TempDir(), "log")})
	s := newSoloOf(c, legion.Pool{Max: 2, Timeout: time.Second, KillGrace: 100 * time.Millisecond, Heartbeat: -1}).start(t)

	freeze := func() (*legion.Future[string], int) {
		fut := s.running(t, deed{What: "mark", For: time.Hour})
		f.set(t, "cgroup.procs", strconv.Itoa(fut.PID()))
		f.set(t, "freezer.state", "FROZEN")
		return fut, fut.PID()
	}
	fut, pid := freeze()
	if _, err := fut.Result(); !errors.Is(err, legion.ErrTimeout) {
		t.Errorf("a call in a frozen worker: %v", err)
	}
	await(t, func() bool { return len(s.workers("stuck")) == 1 })
	s.must(t, deed{What: "pid"})
	f.set(t, "freezer.state", "THAWED")
	await(t, func() bool { return len(s.workers("stuck")) == 0 })

	_, last := freeze()
	stop(t, s.d)
	text := readFile(t, c.LogFile)
	for _, pid := range []int{pid, last} {
		find(t, text, "worker does not end", "stuck in the kernel", "pid="+strconv.Itoa(pid)+" ")
	}
}
