package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	childParts["loose"] = func(*Child) { // cuts its ties as far as it can
		disarm()
		fmt.Printf("ready=%d\n", os.Getpid())
		forever()
	}
	childParts["regroup"] = func(*Child) { // leaves its group
		g := exec.Command("sleep", "120")
		g.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		runtime.LockOSThread() // for Pdeathsig
		check(g.Start())
		check(syscall.Setpgid(0, g.Process.Pid))
		fmt.Printf("ready=%d\n", os.Getpid())
		forever()
	}
}

// disarm takes back whatever this process can of what ties it to the daemon:
// Pdeathsig, and what was asked of a pipe that it has beside its output.
func disarm() {
	check(unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0))
	for fd := lifelineFD; fd < 64; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
			continue
		}
		for _, step := range []struct{ cmd, arg int }{{unix.F_SETOWN, 0}, {unix.F_SETSIG, 0}, {unix.F_SETFL, 0}} {
			_, err := unix.FcntlInt(uintptr(fd), step.cmd, step.arg)
			check(err)
		}
		check(unix.Close(fd))
	}
}

// A child ends with the daemon even if it has cut its ties to it.
func TestUntiedChildEndsWithTheDaemon(t *testing.T) {
	for _, part := range []string{"exec", "loose", "regroup"} {
		daemon, v := startDaemon(t, part, "ready")
		child := watchPID(t, part, v["ready"])
		syscall.Kill(daemon.pid, syscall.SIGKILL)
		if !child.goneWithin(hang) {
			t.Errorf("%s: the daemon is gone, and its child is still there", part)
		}
	}
}

// A process that has left its worker's group outlives a killed daemon, until
// the next daemon of that name starts.
func TestLeftoversOfAKilledDaemon(t *testing.T) {
	for _, limit := range []string{"", "Memory", "CPU", "Threads"} {
		t.Run("limit "+limit, func(t *testing.T) {
			base := ""
			switch c := Capabilities(); limit {
			case "Memory":
				base = need(t, "memory", c.MemoryCgroup).Dir
			case "CPU":
				base = need(t, "cpu", c.CPUCgroup).Dir
			case "Threads":
				base = need(t, "pids", c.PidsCgroup).Dir
			}
			cgroups := func(daemon watched) []string {
				dirs, _ := filepath.Glob(filepath.Join(base, cgroupPrefix+"*-"+strconv.Itoa(daemon.pid)+"-*-*"))
				return dirs
			}
			t.Setenv("PROC_TEST_LIMIT", limit)
			daemon, v := startDaemon(t, "grandchild:escaped", "grandchild")
			g := watchPID(t, "grandchild", v["grandchild"])
			worker := watchPID(t, "worker", parentOf(t, g.pid))
			if limit != "" && len(cgroups(daemon)) != 1 {
				t.Fatalf("no cgroup in %s", base)
			}
			startDaemon(t, "grandchild:escaped", "grandchild") // it leaves the processes of a living daemon alone
			if worker.goneWithin(0) || g.goneWithin(0) {
				t.Fatal("the second daemon has ended a process of the first")
			}
			syscall.Kill(daemon.pid, syscall.SIGKILL)
			if !daemon.goneWithin(hang) || !worker.goneWithin(hang) {
				t.Fatal("they are still there")
			}
			if g.goneWithin(0) {
				t.Fatal("the grandchild is gone: this test proves nothing")
			}
			dirs := cgroups(daemon)
			daemon.reap()
			next, _ := startDaemon(t, "hold:escaped", "ready")
			if !g.goneWithin(0) {
				t.Error("the next daemon runs, and the grandchild is still there")
			}
			for _, dir := range dirs {
				if _, err := os.Stat(dir); limit != "" && !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is left: %v", dir, err)
				}
			}
			t.Cleanup(func() {
				next.reap()
				EndLeftovers("escaped")
			})
		})
	}
}

// adopting makes this process a sub-reaper for the time of a test.
func adopting(t *testing.T) {
	t.Helper()
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// A living daemon ends the processes that a dead child left behind, but not
// those of a living child.
func TestEscapedGrandchildIsEnded(t *testing.T) {
	adopting(t)
	lives, o := begin(t, "grandchild", arg("escaped"))
	kept := watchPID(t, "kept", o.value(t, lives, "grandchild"))
	p, o := begin(t, "grandchild", arg("escape"))
	g := watchPID(t, "grandchild", o.value(t, p, "grandchild"))
	wait(t, p)
	if g.goneWithin(0) {
		t.Fatal("it should have escaped; this test proves nothing")
	}
	if n := EndEscaped(); n != 1 || !g.goneWithin(0) {
		t.Errorf("%d were ended", n)
	}
	if kept.goneWithin(0) {
		t.Error("the other grandchild is gone")
	}
	lives.Kill("test")
	wait(t, lives)
	if n := EndEscaped(); n != 1 || !kept.goneWithin(0) {
		t.Errorf("%d were ended after the other child's end", n)
	}
	if f := stat("/proc/" + strconv.Itoa(g.pid)); f != nil {
		t.Error("it was not reaped")
	}
}

// A dead child of package os/exec does not count as an orphan, however late it
// is waited for; a real orphan does.
func TestOrphans(t *testing.T) {
	adopting(t)
	late := exec.Command("sh", "-c", "exit 7")
	if err := late.Start(); err != nil {
		t.Fatal(err)
	}
	exited(late.Process.Pid, 0)
	out, err := exec.Command("sh", "-c", "sleep 0.01 >/dev/null & echo $!").Output()
	if err != nil {
		t.Fatal(err)
	}
	orphan, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return slices.Contains(orphans(), orphan) })
	if held, ok := heldByPidfd(); !ok || !held[late.Process.Pid] || held[orphan] {
		t.Errorf("held by a pidfd: %v, %v", held, ok)
	}
	eventually(t, func() bool { return stat("/proc/"+strconv.Itoa(orphan)) == nil })
	if err := late.Wait(); late.ProcessState == nil || late.ProcessState.ExitCode() != 7 {
		t.Errorf("its exit code is lost: %v", err)
	}
}

func FuzzParseCookie(f *testing.F) {
	f.Add("1:2:3:4:name:with colons")
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := parseCookie(text); ok && c.String() != text {
			t.Errorf("%q is read as %q", text, c)
		}
	})
}
