package proc

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

// What of a sandbox is a limit becomes one; the Spec's own values come first,
// as far as it has them.
func TestStrict(t *testing.T) {
	plain := Spec{Limits: Limits{Memory: 64 << 20, CPU: 2}}
	if got := plain.strict(); !reflect.DeepEqual(got, plain) {
		t.Errorf("without a sandbox: %+v", got)
	}
	locked := &sandbox.Sandbox{}
	if got, want := (Spec{Sandbox: locked}).strict(), (Spec{Sandbox: locked, Env: []string{}, Limits: Limits{FileSize: 1 << 20, NoCore: true}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	box := &sandbox.Sandbox{User: "nobody", Env: []string{"A"}, CPU: 0.5, Threads: 50, FileSize: 2 << 20}
	if got, want := (Spec{Sandbox: box}).strict(), (Spec{
		Sandbox: box, User: "nobody", Env: []string{"A"}, Limits: Limits{CPU: 0.5, Threads: 50, FileSize: 2 << 20, NoCore: true},
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	own := Spec{Sandbox: locked, User: "daemon", Env: []string{"B"}, Limits: Limits{CPU: 1, Threads: 20, FileSize: 1 << 30, NoCore: true, OOMScore: 3}}
	if got := own.strict(); !reflect.DeepEqual(got, own) {
		t.Errorf("%+v, not %+v", got, own)
	}
}

// Missing names everything that cannot be held, and BestEffort goes without it.
func TestMissing(t *testing.T) {
	if got := Missing(Spec{Limits: Limits{Memory: 64 << 20, FileSize: 1 << 20, NoCore: true}, Env: []string{}}); got != nil {
		t.Errorf("%q", got)
	}
	withoutCgroups(t)
	s := Spec{User: "nobody at all", Limits: Limits{CPU: 1, Threads: 100}}
	got := strings.Join(Missing(s), "\n")
	for _, says := range []string{"User nobody at all: ", "CPU needs a cpu cgroup: there is none", "Delegate=cpu", "Threads needs a pids cgroup: ", "Delegate=pids"} {
		if !strings.Contains(got, says) {
			t.Errorf("nothing of %q:\n%s", says, got)
		}
	}
	boxed := Spec{Sandbox: &sandbox.Sandbox{User: "nobody at all", CPU: 1, Threads: 100}}
	if again := strings.Join(Missing(boxed), "\n"); again != got {
		t.Errorf("of a sandbox:\n%s\nnot\n%s", again, got)
	}
	less, _ := boxed.strict().possible()
	if less.User != "nobody at all" || less.Limits != (Limits{FileSize: sandboxFileSize, NoCore: true}) {
		t.Errorf("%+v", less)
	}
}

// A child never runs as the daemon because a user is unknown, or because the
// accounts cannot be read now, whatever its sandbox can do without.
func TestBestEffortIsNoMistake(t *testing.T) {
	for _, c := range []struct{ user, says string }{{"nobody at all", "is unknown"}, {":", "is not a user"}} {
		_, err := Start(Spec{Sandbox: &sandbox.Sandbox{User: c.user, BestEffort: true}, Purpose: Purpose{Pool: "return"}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.user, err)
		}
	}
}

// A child in a sandbox has the limits of it.
func TestLimitsOfASandbox(t *testing.T) {
	needsRoot(t)
	c := Capabilities()
	need(t, "cpu", c.CPUCgroup)
	need(t, "pids", c.PidsCgroup)
	t.Setenv("A_SECRET", "hunter2")
	p, o := begin(t, "environ", func(s *Spec) {
		s.Sandbox = &sandbox.Sandbox{User: stranger, CPU: 1, Threads: 100, Env: []string{"PROC_TEST_*"}, Read: []string{"/proc", "/tmp"}}
	})
	env := o.value(t, p, "environ")
	if strings.Contains(env, "hunter2") || !strings.Contains(env, "PATH=") {
		t.Error(env)
	}
	if got := owner(t, p.PID()); got != 54321 {
		t.Errorf("it runs as %d", got)
	}
	limits, err := os.ReadFile("/proc/" + o.value(t, p, "pid") + "/limits")
	for _, l := range []string{"Max core file size        1                    1 ", "Max file size             1048576              1048576 "} {
		if err != nil || !strings.Contains(string(limits), l) {
			t.Errorf("no %s: %v\n%s", l, err, limits)
		}
	}
	for _, f := range p.launch.cgroup.folders {
		if !members(f.dir)[p.PID()] {
			t.Errorf("it is not in %s", f.dir)
		}
	}
	if len(p.launch.cgroup.folders) == 0 {
		t.Error("it has no cgroup")
	}
}
