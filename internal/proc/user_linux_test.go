package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is a user without an account and without processes.
const stranger = "54321:54322"

func init() {
	childParts["whoami"] = func(*Child) {
		var uids, gids [3]int
		uids[0], uids[1], uids[2] = unix.Getresuid()
		gids[0], gids[1], gids[2] = unix.Getresgid()
		groups, err := os.Getgroups()
		check(err)
		wd, _ := os.Getwd()
		fmt.Printf("wd=%s\n", wd)
		fmt.Printf("home=%s %s\n", os.Getenv("HOME"), os.Getenv("USER"))
		_, err = os.ReadFile("/proc/self/environ") // belongs to root unless the process may be dumped
		fmt.Printf("environ=%v\n", err)
		for _, name := range []string{"/dev/stdout", "/dev/stderr"} {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			check(err)
			fmt.Fprintf(f, "%s=opened\n", name)
		}
		fmt.Printf("root=%v\n", unix.Setresuid(-1, 0, -1))
		fmt.Printf("ids=%v %v %v\n", uids, gids, groups)
		forever()
	}
	helperParts["unprivileged"] = func(*Child) {
		user := func(uid, gid int) Spec { return Spec{User: fmt.Sprintf("%d:%d", os.Geteuid()+uid, os.Getegid()+gid)} }
		try := func(what string, s Spec) {
			s.Purpose.Pool = "return"
			p, err := Start(s)
			if err == nil {
				if e := p.Exit(); e.Code != 0 {
					err = fmt.Errorf("%v %q", e, e.Stderr)
				}
			}
			fmt.Printf("%s: %v\n", what, err)
		}
		try("own", user(0, 0))
		try("other", user(1, 0))
		try("other group", user(0, 1))
		try("score", Spec{Limits: Limits{OOMScore: -1}})
		try("cpu", Spec{Limits: Limits{CPU: 1}})
		try("threads", Spec{Limits: Limits{Threads: 64}})
		try("memory", Spec{Limits: Limits{Memory: 64 << 20}})
		try("rest", Spec{Limits: Limits{FileSize: 1 << 20, NoCore: true, OOMScore: 1}})
		c := Capabilities()
		fmt.Printf("caps: %s; %s\n", c.Users, c.CPUCgroup.Reason)
	}
	helperParts["without kill"] = func(*Child) {
		_, err := Start(Spec{User: stranger})
		fmt.Println(err)
	}
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
}

func asStranger(s *Spec) { s.User = stranger }

// The child is another user from its first instruction on, for good, and is
// otherwise like any other.
func TestUser(t *testing.T) {
	needsRoot(t)
	hidden := filepath.Join(t.TempDir(), "hidden")
	if err := os.Mkdir(hidden, 0o700); err != nil {
		t.Fatal(err)
	}
	own, _ := os.Getwd()
	for dir, want := range map[string]string{"": own, "/": "/", hidden: own} {
		p, o := begin(t, "whoami", asStranger, func(s *Spec) { s.Dir = dir })
		for name, want := range map[string]string{
			"ids": "[54321 54321 54321] [54322 54322 54322] []", "root": "operation not permitted", "home": " ",
			"environ": "<nil>", "wd": want, "/dev/stdout": "opened",
		} {
			if got := o.value(t, p, name); got != want {
				t.Errorf("in %q, %s is %q, not %q", dir, name, got, want)
			}
		}
		if n, err := p.Memory(); n == 0 || err != nil {
			t.Error(n, err)
		}
		if n, err := p.CPU(); n == 0 || err != nil {
			t.Error(n, err)
		}
		if err := p.Quit(); err != nil {
			t.Error(err)
		}
		if e := wait(t, p); !strings.Contains(e.Stack, "internal/proc.") {
			t.Errorf("%v:\n%s", e, e.Stack)
		}
	}
}

// Starting a child of another user does not change the daemon: it may still be
// dumped and debugged.
func TestUserLeavesTheDaemonAlone(t *testing.T) {
	needsRoot(t)
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil { // package os/exec may have changed it in another test
		t.Fatal(err)
	}
	finish(t, "return", asStranger)
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); n != 1 || err != nil {
		t.Errorf("its state is %d, %v", n, err)
	}
}

// A child of another user ends with the daemon, also one that has cut its ties,
// and the next daemon ends what is left.
func TestUserEndsWithTheDaemon(t *testing.T) {
	needsRoot(t)
	t.Setenv("PROC_TEST_USER", stranger)
	for _, part := range []string{"hold", "exec", "loose", "busy", "regroup"} {
		daemon, v := startDaemon(t, part, "ready")
		child := watchPID(t, part, v["ready"])
		if part == "hold" {
			stop(t, child.pid)
		}
		if got := owner(t, child.pid); got != 54321 {
			t.Errorf("%s runs as %d", part, got)
		}
		syscall.Kill(daemon.pid, syscall.SIGKILL)
		if !child.goneWithin(hang) {
			t.Errorf("%s: the daemon is gone, and its child is still there", part)
		}
	}

	daemon, v := startDaemon(t, "grandchild:escaped", "grandchild")
	g := watchPID(t, "grandchild", v["grandchild"])
	syscall.Kill(daemon.pid, syscall.SIGKILL)
	daemon.goneWithin(hang)
	if g.goneWithin(0) {
		t.Fatal("the grandchild is gone: this test proves nothing")
	}
	daemon.reap()
	if EndLeftovers("escaped"); !g.goneWithin(hang) {
		t.Error("the grandchild is left")
	}
}

// What a child of another user leaves behind is ended by a living daemon, too.
func TestEscapedGrandchildOfAnotherUser(t *testing.T) {
	needsRoot(t)
	adopting(t)
	p, o := begin(t, "grandchild", asStranger, arg("escape"))
	g := watchPID(t, "grandchild", o.value(t, p, "grandchild"))
	wait(t, p)
	if g.goneWithin(0) {
		t.Fatal("it should have escaped; this test proves nothing")
	}
	if n := EndEscaped(); n != 1 || !g.goneWithin(0) {
		t.Errorf("%d were ended", n)
	}
}

func owner(t *testing.T, pid int) int {
	t.Helper()
	info, err := os.Stat("/proc/" + strconv.Itoa(pid))
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// All cgroups, and limits that need no privilege, work for another user.
func TestUserWithLimits(t *testing.T) {
	needsRoot(t)
	p, o := begin(t, "hold", asStranger, func(s *Spec) {
		s.Limits = Limits{Memory: 64 << 20, CPU: 1, Threads: 100, Nice: 19, Files: 100, FileSize: 1 << 20, NoCore: true, OOMScore: 7}
	})
	o.value(t, p, "ready")
	if n := len(p.launch.cgroup.folders); n == 0 {
		t.Error("it has no cgroup")
	}
	for _, f := range p.launch.cgroup.folders {
		if !members(f.dir)[p.PID()] {
			t.Errorf("it is not in %s", f.dir)
		}
	}

	e, _ := finish(t, "hold", asStranger, limits(Limits{OOMScore: -501}))
	if e.Code != ExitRefused || len(e.Stderr) != 1 || !strings.Contains(e.Stderr[0], "CAP_SYS_RESOURCE") {
		t.Errorf("%v %q", e, e.Stderr)
	}
}

// Without root, only children of the same user can be started, and no cgroup
// can be made here; the errors say so.
func TestUnprivilegedDaemon(t *testing.T) {
	needsRoot(t) // to give it up
	out, err := asNobody("unprivileged").Output()
	if err != nil {
		t.Fatal(err)
	}
	for what, says := range map[string]string{
		"own":         "<nil>",
		"other":       "User 54322:54321: only a daemon that runs as root can do that, and this one runs as user 54321",
		"other group": "User 54321:54322: only a daemon",
		"score":       "CAP_SYS_RESOURCE",
		"cpu":         "CPU needs a cpu cgroup: ",
		"threads":     "Threads needs a pids cgroup: ",
		"memory":      "<nil>",
		"rest":        "<nil>",
		"caps":        "only a daemon that runs as root can do that, and this one runs as user 54321; ",
	} {
		_, line, found := strings.Cut(string(out), what+": ")
		line, _, _ = strings.Cut(line, "\n")
		if !found || !strings.Contains(line, says) {
			t.Errorf("%s: %s", what, line)
		}
	}
}

// A root that may not kill processes of other users does not start any.
func TestUserWithoutTheRightToKill(t *testing.T) {
	needsRoot(t)
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("needs setpriv, to start a daemon without one of root's rights")
	}
	c := helper("without kill")
	c.Args = append([]string{"setpriv", "--bounding-set=-kill", "--inh-caps=-kill", c.Path}, c.Args[1:]...)
	c.Path, _ = exec.LookPath("setpriv")
	out, err := c.Output()
	if err != nil || !strings.Contains(string(out), "this process lacks CAP_KILL: its container or its unit took that away") {
		t.Errorf("%v %s", err, out)
	}
}

// The kernel's refusal is explained.
func TestUserThatMayNotExecute(t *testing.T) {
	needsRoot(t)
	before := forkExec
	defer func() { forkExec = before }()
	for refusal, says := range map[error]string{syscall.EACCES: "permission to execute the file of this program", syscall.EPERM: "does not let this process"} {
		forkExec = func(string, []string, *syscall.ProcAttr) (int, uintptr, error) { return 0, 0, refusal }
		_, err := Start(Spec{User: stranger})
		if !errors.Is(err, refusal) || !strings.Contains(err.Error(), says) {
			t.Error(err)
		}
	}
}
