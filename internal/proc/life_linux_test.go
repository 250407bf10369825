package proc

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stop sends SIGSTOP and waits until the process is stopped.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { f := stat("/proc/" + strconv.Itoa(pid)); return len(f) > 0 && f[0] == "T" })
}

// watched holds a process by a pidfd, to see its end.
type watched struct {
	name    string
	pid, fd int
	reap    func() // if it is our child
}

func watchPID(t *testing.T, name, pid string) watched {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(n, 0)
	if err != nil {
		t.Fatalf("%s, process %d: %v", name, n, err)
	}
	t.Cleanup(func() {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		unix.Close(fd)
	})
	return watched{name: name, pid: n, fd: fd}
}

func (w watched) goneWithin(d time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(d); ; {
		n, err := unix.Poll(fds, max(0, int(time.Until(deadline).Milliseconds())))
		if err != unix.EINTR {
			return n == 1
		}
	}
}

// startDaemon starts a daemon whose child plays part, and returns the
// name=value lines that it prints, by name.
func startDaemon(t *testing.T, part string, names ...string) (daemon watched, value map[string]string) {
	t.Helper()
	return startDaemonAs(t, helper("daemon"), part, names...)
}

func startDaemonAs(t *testing.T, c *exec.Cmd, part string, names ...string) (daemon watched, value map[string]string) {
	t.Helper()
	c.Env = append(c.Env, "PROC_TEST_CHILD="+part)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	daemon = watchPID(t, "daemon", strconv.Itoa(c.Process.Pid))
	daemon.reap = sync.OnceFunc(func() { c.Process.Kill(); c.Wait() })
	t.Cleanup(daemon.reap)
	value = map[string]string{}
	lines := bufio.NewScanner(out)
	for missing := len(names); missing > 0 && lines.Scan(); {
		name, v, _ := strings.Cut(lines.Text(), "=")
		for _, n := range names {
			if n == name && value[n] == "" {
				value[n] = v
				missing--
			}
		}
	}
	for _, n := range names {
		if value[n] == "" {
			t.Fatalf("the daemon did not print %q, only %v; %v", n, value, lines.Err())
		}
	}
	go io.Copy(io.Discard, out)
	return daemon, value
}

func TestDaemonKilled(t *testing.T) {
	for _, how := range []string{"running", "stopped", "unprivileged"} {
		t.Run(how, func(t *testing.T) {
			c := helper("daemon")
			if how == "unprivileged" {
				if os.Geteuid() != 0 {
					t.Skip("the other cases cover this: the test itself has no privileges")
				}
				c = asNobody("daemon")
			}
			daemon, v := startDaemonAs(t, c, "grandchild", "daemon", "grandchild")
			grandchild := watchPID(t, "grandchild", v["grandchild"])
			worker := watchPID(t, "worker", parentOf(t, grandchild.pid))
			if how == "stopped" {
				stop(t, worker.pid)
				stop(t, grandchild.pid)
			}
			syscall.Kill(daemon.pid, syscall.SIGKILL)
			for _, w := range []watched{worker, grandchild} {
				if !w.goneWithin(time.Second) {
					t.Errorf("the daemon is gone for a second, and its %s is still there", w.name)
				}
			}
		})
	}
}

func parentOf(t *testing.T, pid int) string {
	t.Helper()
	f := stat("/proc/" + strconv.Itoa(pid))
	if len(f) < 2 {
		t.Fatalf("process %d is not there", pid)
	}
	return f[1]
}

// A worker may be a daemon with its own workers; the end of the first daemon
// passes through both lifelines.
func TestDaemonOfDaemonKilled(t *testing.T) {
	daemon, v := startDaemon(t, "daemon:grandchild", "grandchild")
	grandchild := watchPID(t, "grandchild", v["grandchild"])
	worker := watchPID(t, "inner worker", parentOf(t, grandchild.pid))
	inner := watchPID(t, "inner daemon", parentOf(t, worker.pid))
	if p := parentOf(t, inner.pid); p != strconv.Itoa(daemon.pid) {
		t.Fatalf("the inner daemon is a child of %s, not of the daemon %d", p, daemon.pid)
	}
	stop(t, inner.pid)
	syscall.Kill(daemon.pid, syscall.SIGKILL)
	for _, w := range []watched{inner, worker, grandchild} {
		if !w.goneWithin(2 * time.Second) {
			t.Errorf("the daemon is gone for two seconds, and the %s is still there", w.name)
		}
	}
}

// However a worker ends, its children end with it.
func TestGrandchildrenEndWithTheWorker(t *testing.T) {
	for _, how := range []string{"return", "kill", "sigkill", "quit"} {
		t.Run(how, func(t *testing.T) {
			p, o := begin(t, "grandchild", arg(how))
			g := watchPID(t, "grandchild", o.value(t, p, "grandchild"))
			switch how {
			case "kill":
				p.Kill("test")
			case "sigkill":
				syscall.Kill(p.PID(), syscall.SIGKILL)
			case "quit":
				p.Quit()
			}
			wait(t, p)
			if !g.goneWithin(hang) {
				t.Error("the grandchild is still there")
			}
		})
	}
}

// A grandchild that left the group and holds stdout open cannot hold up Done.
func TestEscapedGrandchildDoesNotDelayDone(t *testing.T) {
	p, o := begin(t, "grandchild", arg("escape"))
	g := watchPID(t, "grandchild", o.value(t, p, "grandchild"))
	if e := wait(t, p); e.Code != 0 {
		t.Errorf("%v", e)
	}
	if g.goneWithin(0) {
		t.Error("the grandchild should have escaped; this test proves nothing")
	}
}

// Only the daemon has the ends of the lifelines.
func TestLifelineIsPrivate(t *testing.T) {
	first, o1 := begin(t, "grandchild")
	second, o2 := begin(t, "grandchild")
	write, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(first.launch.lifeline.Fd())))
	if err != nil || !strings.HasPrefix(write, "pipe:") {
		t.Fatal(write, err)
	}
	for _, c := range []struct {
		pid  string
		want int
	}{
		{strconv.Itoa(os.Getpid()), 2}, // both ends
		{strconv.Itoa(first.PID()), 0},
		{strconv.Itoa(second.PID()), 0},
		{o1.value(t, first, "grandchild"), 0},
		{o2.value(t, second, "grandchild"), 0},
	} {
		have := 0
		links, err := os.ReadDir("/proc/" + c.pid + "/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range links {
			if to, _ := os.Readlink("/proc/" + c.pid + "/fd/" + l.Name()); to == write {
				have++
			}
		}
		if have != c.want {
			t.Errorf("process %s has the lifeline %d times, not %d", c.pid, have, c.want)
		}
	}
}

func TestQuitOfAStoppedChild(t *testing.T) {
	p, o := begin(t, "busy")
	o.value(t, p, "ready")
	stop(t, p.PID())
	if err := p.Quit(); err != nil {
		t.Fatal(err)
	}
	if e := wait(t, p); !strings.Contains(e.Stack, "proc.busyLooping") {
		t.Errorf("%v\n%s", e, e.Stack)
	}
}
