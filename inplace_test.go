package legion_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/lock"
	"github.com/legion-go/legion/status"
)

func init() { programs["placed"] = placedMain }

// placedMain is a daemon with a lock and a log, whose process id stays, and
// whose environment says what goes wrong.
func placedMain() {
	legion.SetUpgradeTimes(20*time.Second, 50*time.Millisecond)
	dir := os.Getenv("PLACED_DIR")
	config, _ := os.ReadFile(filepath.Join(dir, "config"))
	c := quiet("placed")
	c.PID, c.RuntimeDir, c.Control, c.Logger, c.LogFile = legion.PIDAuto, dir, string(config), nil, filepath.Join(dir, "log")
	if os.Getenv("PLACED_FREE") != "" {
		c.PID = legion.PIDMayChange
	}
	c.Version, _, _ = strings.Cut(legion.Program(), "!")
	d := legion.New(c)
	legion.Worker(d, "pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil }, legion.Pool{Max: 1})
	d.Use(lock.File(""))
	d.Init(func(context.Context) error {
		if _, err := os.Stat(filepath.Join(dir, "init fails")); err == nil {
			return errors.New("it is not my day")
		}
		return nil
	})
	d.Teardown(func(context.Context) error {
		if _, err := os.Stat(filepath.Join(dir, "lose")); err == nil {
			return os.Remove(legion.Program())
		}
		return nil
	})
	if takeover.Inherited() == nil { // as in the background
		_ = syscall.Close(2) // the next one that is opened is 2 again
		if fd, err := syscall.Open(os.DevNull, os.O_RDWR, 0); fd != 2 || err != nil {
			os.Exit(3)
		}
	}
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "main says:", err)
		os.Exit(1)
	}
}

// placed is one that runs in a folder of its own, from a release to which the
// link current leads: there are two.
type placed struct {
	t      *testing.T
	p      *program
	dir    string
	socket string
}

func newPlaced(t *testing.T) *placed {
	t.Helper()
	dir, err := os.MkdirTemp("", "placed") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	x := &placed{t: t, dir: dir, socket: filepath.Join(dir, "control.sock")}
	for _, release := range []string{"1", "2"} {
		x.must(os.Mkdir(filepath.Join(dir, release), 0o700))
		x.install(release)
	}
	x.must(os.Chmod(dir, 0o700))
	x.turn("1")
	x.write("config", "")
	t.Setenv("PLACED_DIR", dir)
	x.p = runCommand(t, "placed", filepath.Join(dir, "current", "app"))
	return x
}

func (x *placed) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *placed) write(name, text string) {
	x.t.Helper()
	x.must(os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o700))
}

// install makes the test binary the program of a release.
func (x *placed) install(release string) {
	x.t.Helper()
	to := filepath.Join(x.dir, release, "app")
	_ = os.Remove(to)
	if os.Link(os.Args[0], to) == nil {
		return
	}
	b, err := os.ReadFile(os.Args[0])
	x.must(err)
	syscall.ForkLock.RLock() // else a child may have it open for writing
	err = os.WriteFile(to, b, 0o700)
	syscall.ForkLock.RUnlock()
	x.must(err)
}

// turn has the link lead to a release.
func (x *placed) turn(release string) {
	x.t.Helper()
	link := filepath.Join(x.dir, "current")
	_ = os.Remove(link)
	x.must(os.Symlink(release, link))
}

func (x *placed) running(after time.Time) status.Hello {
	x.t.Helper()
	return hello(x.t, x.socket, func(h status.Hello) bool { return h.State == "running" && h.Started.After(after) })
}

// file is the program that a process executes.
func (x *placed) file(pid int) string {
	x.t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		x.t.Skip("needs /proc")
	}
	return strings.TrimPrefix(path, x.dir+"/")
}

// result is the answer to daemon.upgrade.
type result struct {
	PID     int  `json:"pid"`
	Old     int  `json:"old_pid"`
	InPlace bool `json:"in_place"`
	From    struct {
		Program string `json:"program"`
	} `json:"from"`
	To struct {
		Version string `json:"version"`
		Program string `json:"program"`
	} `json:"to"`
}

// A daemon that was started through a link goes on with the release to which
// that leads by then, and says from what to what: in place and as a new
// process, in an upgrade and in a restart. The lock is held and the control
// socket answers all the time.
func TestUpgradeFollowsTheLink(t *testing.T) {
	for _, free := range []string{"", "yes"} {
		t.Run("may change: "+free, func(t *testing.T) {
			t.Setenv("PLACED_FREE", free)
			x := newPlaced(t)
			h := x.running(time.Time{})
			x.turn("2")
			r := ask[result](t, dial(t, x.socket), "daemon.upgrade", nil)
			t.Cleanup(func() { _ = syscall.Kill(r.PID, syscall.SIGKILL) })
			if r.Old != h.PID || r.InPlace == (free != "") || r.InPlace != (r.PID == r.Old) {
				t.Errorf("%+v of process %d", r, h.PID)
			}
			if from, to := filepath.Join(x.dir, "1", "app"), filepath.Join(x.dir, "2", "app"); r.From.Program != from || r.To.Program != to ||
				r.To.Version != filepath.Join(x.dir, "current", "app") {
				t.Errorf("from %s to %s, not from %s to %s", r.From, r.To, from, to)
			}
			h = x.running(h.Started)
			if f := x.file(h.PID); f != "2/app" || h.PID != r.PID {
				t.Errorf("process %d executes %s", h.PID, f)
			}
			await(t, func() bool { // the lock is the new process's in a moment
				b, err := os.ReadFile(filepath.Join(x.dir, "placed.lock"))
				return err == nil && string(b) == fmt.Sprintln(r.PID)
			})
			if free != "" {
				x.p.ends()
			}
			x.turn("1")
			ask[bool](t, dial(t, x.socket), "daemon.restart", nil)
			// Another start finds the lock held, or by then the daemon.
			second := runCommand(t, "placed", filepath.Join(x.dir, "current", "app"))
			if err := second.wait(); err == nil {
				t.Error("a second daemon was started during a restart")
			}
			if h = x.running(h.Started); x.file(h.PID) != "1/app" || h.PID != r.PID {
				t.Errorf("after a restart process %d executes %s", h.PID, x.file(h.PID))
			}
			ask[bool](t, dial(t, x.socket), "daemon.stop", nil)
			if free == "" {
				x.p.ends()
			} else {
				vanished(t, h.PID)
			}
			if _, err := os.Lstat(x.socket); err == nil {
				t.Error("the socket is left")
			}
		})
	}
}

// A restart, and an upgrade in place, look before they stop: with a program
// that is missing, does not start or refuses its configuration nothing has
// happened.
func TestRestartIsTriedFirst(t *testing.T) {
	x := newPlaced(t)
	h := x.running(time.Time{})
	app := filepath.Join(x.dir, "2", "app")
	replace := func(text string, mode os.FileMode) {
		_ = os.Remove(app)
		if text != "" {
			x.must(os.WriteFile(app, []byte(text), mode))
		}
	}
	x.turn("2")
	for _, c := range []struct {
		what   string
		break_ func()
		why    string
	}{
		{"missing", func() { replace("", 0) }, "no such file"},
		{"not executable", func() { replace("x", 0o600) }, "permission denied"},
		{"no program", func() { replace("x", 0o700) }, "not a program for this system"},
		{"it fails", func() { replace("#!/bin/sh\necho sorry >&2; exit 3\n", 0o700) }, `exit status 3 before it was ready; it printed "sorry"`},
		{"no way in", func() { x.turn("1"); x.write("config", "none none") }, "give none alone, or addresses"},
		{"bad address", func() { x.write("config", "gopher://here") }, "gopher"},
	} {
		c.break_()
		for _, method := range []string{"daemon.restart", "daemon.upgrade"} {
			err := dial(t, x.socket).Call(t.Context(), method, nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "goes on as before") {
				t.Errorf("%s, %s: %v; want %q", c.what, method, err, c.why)
			}
		}
	}
	if now := x.running(time.Time{}); !now.Started.Equal(h.Started) || now.PID != h.PID {
		t.Errorf("it was %+v, and is %+v", h, now)
	}

	// What goes wrong later is in the log, where the operator looks.
	x.write("config", "")
	x.install("2")
	x.turn("2")
	x.write("lose", "")
	ask[bool](t, dial(t, x.socket), "daemon.restart", nil)
	x.running(h.Started)
	_ = os.Remove(filepath.Join(x.dir, "lose"))
	x.turn("1")
	x.write("init fails", "")
	ask[bool](t, dial(t, x.socket), "daemon.restart", nil)
	x.p.once.Do(func() { _, x.p.err = x.p.cmd.Process.Wait() })
	log, err := os.ReadFile(filepath.Join(x.dir, "log"))
	x.must(err)
	for _, want := range []string{
		"the next program has not been executed, and this one goes on", "current/app: no such file",
		"the next program does not start, and the daemon ends", "it is not my day", "main says:",
	} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

// Where another process may wait for the daemon, and in process 1, an upgrade
// keeps the process id; no connection is refused, and no request is lost.
func TestUpgradeInPlace(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	for name, command := range map[string][]string{
		"with a parent": {os.Args[0]},
		"as process 1":  {unshare, "--pid", "--fork", "--mount-proc", "--kill-child", os.Args[0]},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "as process 1" && (err != nil || os.Getuid() != 0) {
				t.Skip("a pid namespace needs root, and unshare of util-linux")
			}
			t.Setenv("WEB_STAYS", "1")
			p := runCommand(t, "web", command...)
			var pid, again int
			var addr, now string
			if _, err := fmt.Sscan(p.hear("started"), &pid, &addr); err != nil {
				t.Fatal(err)
			}
			daemon := p.cmd.Process.Pid
			if name == "as process 1" {
				b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", daemon, daemon))
				if _, err2 := fmt.Sscan(string(b), &daemon); err != nil || err2 != nil || pid != 1 {
					t.Fatal(pid, err, err2)
				}
			}
			var stop atomic.Bool
			var asked atomic.Int64
			var clients sync.WaitGroup
			defer clients.Wait()
			defer stop.Store(true)
			for range 4 {
				clients.Go(func() {
					client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
					for !stop.Load() {
						if got, err := get(client, addr); err != nil || got != pid {
							t.Errorf("process %d, %v", got, err)
							return
						}
						asked.Add(1)
					}
				})
			}
			for range 5 {
				before := asked.Load()
				await(t, func() bool { return asked.Load() > before })
				x := syscall.Kill(daemon, syscall.SIGUSR2)
				if changed := p.hear("changed"); x != nil || changed != fmt.Sprint(pid, pid) && changed != fmt.Sprint(pid, " ", pid) {
					t.Error(x, changed)
				}
				if _, err := fmt.Sscan(p.hear("started"), &again, &now); err != nil || again != pid || now != addr {
					t.Fatalf("process %d at %s after process %d at %s, %v", again, now, pid, addr, err)
				}
			}
			stop.Store(true)
			clients.Wait()
			if n, err := get(http.DefaultClient, addr+"/upgrades"); n != 5 || err != nil {
				t.Errorf("the last program counts %d upgrades, %v", n, err)
			}
			if err := syscall.Kill(daemon, syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			p.hear("ended")
			if err := p.wait(); err != nil {
				t.Error(err)
			}
			t.Logf("%d requests", asked.Load())
		})
	}
}

// A daemon that is part of another program is refused, with a reason.
func TestUpgradeInPlaceNeedsRun(t *testing.T) {
	c := quiet("part")
	c.PID = legion.PIDStays
	d := legion.New(c)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.Stop(t.Context())
	if err := d.Upgrade(t.Context()); err == nil || !strings.Contains(err.Error(), "part of another program") {
		t.Error(err)
	}
}
