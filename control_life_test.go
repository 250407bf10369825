package legion_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

func init() { programs["lively"] = livelyMain }

// livelyMain is a daemon whose configuration comes from its environment, and
// its control addresses from a file, so that an upgrade may find others.
func livelyMain() {
	legion.SetUpgradeTimes(20*time.Second, 20*time.Millisecond)
	c := quiet("lively")
	c.StopTimeout = 20 * time.Second
	if d, err := time.ParseDuration(os.Getenv("LIVELY_STOP")); err == nil {
		c.StopTimeout = d
	}
	addresses, _ := os.ReadFile(os.Getenv("LIVELY_CONTROL"))
	c.Control = string(addresses)
	c.User, c.RuntimeDir, c.WorkDir = os.Getenv("LIVELY_USER"), os.Getenv("LIVELY_RUNTIME"), os.Getenv("LIVELY_WORK")
	if path := os.Getenv("LIVELY_COMMAND"); path != "" {
		c.Command = []string{path}
	}
	c.Background = os.Getenv("LIVELY_BACKGROUND") != ""
	c.Nice, _ = strconv.Atoi(os.Getenv("LIVELY_NICE"))
	s := newSoloOf(c, legion.Pool{Min: 1, Max: 1})
	legion.Method(s.d, "whoami", "", func(ctx context.Context, _ struct{}) (string, error) {
		return fmt.Sprint(legion.CallerOf(ctx).Role, " ", os.Getuid()), nil
	})
	hang := make(chan struct{})
	legion.Method(s.d, "hang", "", func(ctx context.Context, _ struct{}) (bool, error) {
		<-hang
		return true, nil
	})
	legion.On(s.d, func(context.Context, event.Started) error {
		go func() { fmt.Println("started", os.Getpid(), whoami(s.d)) }()
		return nil
	})
	s.d.Teardown(func(context.Context) error {
		gate := os.Getenv("LIVELY_GATE")
		if gate == "" {
			return nil
		}
		fmt.Println("teardown")
		for {
			if _, err := os.Stat(gate); err != nil {
				return errors.New("a mistake of Teardown")
			}
			time.Sleep(time.Millisecond)
		}
	})
	if err := s.d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ended")
}

// whoami asks the daemon who this process is for it.
func whoami(d *legion.Daemon) string {
	address, err := d.ControlAddress()
	if err != nil || address == "" {
		return fmt.Sprint("nowhere ", err)
	}
	c, err := client.Dial(context.Background(), address, client.Options{})
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	var who string
	if err := c.Call(context.Background(), "whoami", nil, &who); err != nil {
		return err.Error()
	}
	return who
}

// lively starts it with these addresses, which lie in the file that it returns.
func lively(t *testing.T, addresses string, env ...string) (p *program, file string) {
	t.Helper()
	file = filepath.Join(openFolder(t), "addresses")
	write(t, file, addresses)
	t.Setenv("LIVELY_CONTROL", file)
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	return run(t, "lively"), file
}

// openFolder makes a folder that another user may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// successor upgrades the daemon at an address and returns the pid of the new
// process, which is killed at the end of the test if it is still there.
func successor(t *testing.T, c *client.Client) int {
	t.Helper()
	next := ask[struct {
		PID int `json:"pid"`
	}](t, c, "daemon.upgrade", nil)
	t.Cleanup(func() { _ = syscall.Kill(next.PID, syscall.SIGKILL) })
	return next.PID
}

// ends waits for the end of the process itself: others may have its outputs.
func (p *program) ends() {
	p.t.Helper()
	p.once.Do(func() {
		var state *os.ProcessState
		if state, p.err = p.cmd.Process.Wait(); p.err == nil && !state.Success() {
			p.t.Errorf("it ended: %v", state)
		}
	})
}

// vanished waits until a process is no more. A zombie counts as gone: it is an
// orphan, and process 1 may take its time to reap it.
func vanished(t *testing.T, pid int) {
	t.Helper()
	await(t, func() bool {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // not on every system
		return strings.Contains(string(stat), ") Z ") || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
}

// The socket of a daemon that becomes another user is that user's, and the user
// its operator; so it is after an upgrade and a restart.
func TestControlOfAnotherUser(t *testing.T) {
	user, env := os.Getuid(), []string{}
	if user == 0 {
		user, env = 65534, []string{"LIVELY_USER=65534"}
	}
	dir, program := filepath.Join(openFolder(t), "run"), filepath.Join(openFolder(t), "lively")
	binary, err := os.ReadFile(os.Args[0]) // which lies where that user cannot go
	if err == nil {
		err = os.WriteFile(program, binary, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, _ := lively(t, "", append(env, "LIVELY_RUNTIME="+dir, "LIVELY_COMMAND="+program)...)
	path := filepath.Join(dir, "control.sock")
	check := func(when string) {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 || int(info.Sys().(*syscall.Stat_t).Uid) != user {
			t.Errorf("%s: %v %v", when, info, err)
		}
	}
	admin := fmt.Sprintf(" admin %d", user)
	if got := p.hear("started"); !strings.HasSuffix(got, admin) {
		t.Errorf("it is %s, not %s", got, admin)
	}
	check("at first")
	pid := successor(t, dial(t, path))
	if got, want := p.hear("started"), fmt.Sprint(pid, admin); got != want {
		t.Errorf("after the upgrade it is %s, not %s", got, want)
	}
	p.ends()
	check("after the upgrade")
	ask[bool](t, dial(t, path), "daemon.restart", nil)
	if got, want := p.hear("started"), fmt.Sprint(pid, admin); got != want {
		t.Errorf("after the restart it is %s, not %s", got, want)
	}
	check("after the restart")
	ask[bool](t, dial(t, path), "daemon.stop", nil)
	vanished(t, pid)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// A new version may listen elsewhere: what it does not know is given up, and
// what it goes on with gets the mode that it says.
func TestControlAddressesChange(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a.sock"), filepath.Join(dir, "b.sock"), filepath.Join(dir, "c.sock")
	p, file := lively(t, "unix://"+a+" unix://"+b+"?mode=0666 tcp://127.0.0.1:0?anyone=read")
	first := p.hear("started")
	tcp := ask[status.Daemon](t, dial(t, a), "daemon.status", nil).Control[2]
	write(t, file, "unix://"+b+" unix://"+c)
	pid := successor(t, dial(t, a))
	if next := p.hear("started"); next == first || !strings.HasPrefix(next, fmt.Sprint(pid, " ")) {
		t.Errorf("after %s it is %s", first, next)
	}
	p.ends()
	for _, path := range []string{b, c} {
		if h := ask[status.Hello](t, dial(t, path), "daemon.hello", nil); h.PID != pid {
			t.Errorf("at %s it is %d, not %d", path, h.PID, pid)
		}
	}
	await(t, func() bool { // a moment after the old one counts for nothing
		_, err := os.Lstat(a)
		info, _ := os.Lstat(b)
		return errors.Is(err, os.ErrNotExist) && info != nil && info.Mode().Perm() == 0o600
	})
	where, _, _ := strings.Cut(strings.TrimPrefix(tcp, "tcp://"), "?")
	if conn, err := net.Dial("tcp", where); err == nil {
		_ = conn.Close()
		t.Errorf("a client is still at %s", where)
	}
	ask[bool](t, dial(t, b), "daemon.stop", nil)
	vanished(t, pid)
	for _, path := range []string{b, c} {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}

// A daemon in the background restarts in place, and is there as it was.
func TestRestartInTheBackground(t *testing.T) {
	work := t.TempDir()
	path := filepath.Join(work, "run", "control.sock")
	p, _ := lively(t, "", "LIVELY_BACKGROUND=1", "LIVELY_NICE=1", "LIVELY_WORK="+work, "LIVELY_RUNTIME=run")
	p.ends() // the starter
	first := hello(t, path, func(h status.Hello) bool { return h.State == "running" })
	t.Cleanup(func() { _ = syscall.Kill(first.PID, syscall.SIGKILL) })
	if first.PID == p.cmd.Process.Pid {
		t.Fatal("it is not in the background")
	}
	nice, _ := syscall.Getpriority(syscall.PRIO_PROCESS, first.PID)
	for range 2 {
		before := hello(t, path, func(status.Hello) bool { return true })
		ask[bool](t, dial(t, path), "daemon.restart", nil)
		again := hello(t, path, func(h status.Hello) bool { return h.State == "running" && h.Started.After(before.Started) })
		if again.PID != first.PID {
			t.Errorf("after a restart it is process %d, before it was %d", again.PID, first.PID)
		}
	}
	if now, _ := syscall.Getpriority(syscall.PRIO_PROCESS, first.PID); now != nice {
		t.Errorf("after restarts its priority is %d, before it was %d", now, nice)
	}
	ask[bool](t, dial(t, path), "daemon.stop", nil)
	vanished(t, first.PID)
}

// Signals that come while the daemon stops to restart: one that ends it ends
// it, others do not; an error of the stop does not either.
func TestSignalsDuringARestart(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		ends bool
	}{{syscall.SIGHUP, false}, {syscall.SIGTERM, true}, {syscall.SIGUSR2, false}} {
		path, gate := filepath.Join(t.TempDir(), "control.sock"), filepath.Join(t.TempDir(), "gate")
		write(t, gate, "")
		p, _ := lively(t, "unix://"+path, "LIVELY_GATE="+gate)
		p.hear("started")
		ask[bool](t, dial(t, path), "daemon.restart", nil)
		p.hear("teardown")
		if err := p.cmd.Process.Signal(c.sig); err != nil {
			t.Fatal(err)
		}
		if !c.ends {
			if err := os.Remove(gate); err != nil {
				t.Fatal(err)
			}
			if got := p.hear("started"); !strings.HasPrefix(got, fmt.Sprint(p.cmd.Process.Pid, " ")) {
				t.Errorf("after the restart it is %s", got)
			}
			ask[bool](t, dial(t, path), "daemon.stop", nil)
			p.hear("teardown")
		} else if err := os.Remove(gate); err != nil {
			t.Fatal(err)
		}
		if got := p.hear("error"); !strings.Contains(got, "a mistake of Teardown") {
			t.Errorf("%v: it ended with %s", c.sig, got)
		}
	}
}

// An upgrade of a daemon whose loop hangs ends the old process all the same.
func TestUpgradeThoughTheLoopHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	p, _ := lively(t, "unix://"+path, "LIVELY_STOP=500ms")
	p.hear("started")
	c := dial(t, path)
	go func() { _ = dial(t, path).Call(context.Background(), "hang", nil, nil) }()
	await(t, func() bool { return ask[status.Daemon](t, c, "daemon.status", nil).Loop.Running > 0 })
	pid := successor(t, c)
	p.hear("started")
	p.once.Do(func() { _, p.err = p.cmd.Process.Wait() }) // it has waited for the loop
	if h := ask[status.Hello](t, dial(t, path), "daemon.hello", nil); h.PID != pid {
		t.Errorf("process %d answers, not %d", h.PID, pid)
	}
	ask[bool](t, dial(t, path), "daemon.stop", nil)
	vanished(t, pid)
}
