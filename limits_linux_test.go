package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/legiontest"
)

func init() {
	programs["bounded"] = boundedMain
	programs["unable"] = unableMain
}

// bounds tells all that limits a worker.
func bounds(context.Context, string) (string, error) {
	var size, core syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &size)
	_ = syscall.Getrlimit(syscall.RLIMIT_CORE, &core)
	groups, _ := os.Getgroups()
	score, _ := os.ReadFile("/proc/self/oom_score_adj")
	wd, _ := os.Getwd()
	var held []string
	cgroups, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(cgroups)) { // "4:memory:/a/b"
		if f := strings.SplitN(line, ":", 3); strings.Contains(f[2], "/legion-") {
			held = append(held, f[1])
		}
	}
	slices.Sort(held)
	return fmt.Sprintf("ids %d %d %v, size %d, core %d, score %s, in %s, secret %q, greeting %q, cgroups %q",
		os.Getuid(), os.Getgid(), groups, size.Max, core.Max, strings.TrimSpace(string(score)), wd, os.Getenv("BOUNDED_SECRET"), os.Getenv("BOUNDED_GREETING"), held), nil
}

// boundedMain tells the bounds of its workers: of a pool, of those that follow
// after a death, a recycling and a reload, of a task and of its spare, and all
// of that again after an upgrade.
func boundedMain() {
	legion.SetUpgradeTimes(20*time.Second, 20*time.Millisecond)
	c := quiet("bounded")
	c.WorkDir = "/usr"
	d := legion.New(c)
	p := legion.Pool{
		Max: 1, CPU: 1.5, Threads: 100, FileSize: 1 << 20, NoCore: true, OOMScore: 7, User: "54321:54322",
		Env: []string{"BOUNDED_GREETING=hello", "BOUNDED_UPGRADED", "LEGION_TEST_*"}, Dir: "bin", MaxCalls: 2,
	}
	w := legion.Worker(d, "pool", bounds, p)
	task := legion.Task(d, "task", bounds, legion.TaskOptions{
		CPU: p.CPU, Threads: p.Threads, FileSize: p.FileSize, NoCore: p.NoCore, OOMScore: p.OOMScore, User: p.User, Env: p.Env, Dir: p.Dir,
	})
	legion.On(d, func(ctx context.Context, _ event.Started) error {
		for range 5 {
			tell(w.Call(ctx, ""))
		}
		_ = d.Reload(ctx)
		tell(w.Call(ctx, ""))
		pid := w.Pool().Stats().Workers[0].PID
		_ = syscall.Kill(pid, syscall.SIGKILL)
		for err := errors.New(""); err != nil; _, err = w.Call(ctx, "") {
		}
		tell(w.Call(ctx, ""))
		for range 3 {
			tell(task.Call(ctx, ""))
		}
		if os.Getenv("BOUNDED_UPGRADED") != "" {
			fmt.Println("end")
			return d.Stop(ctx)
		}
		os.Setenv("BOUNDED_UPGRADED", "yes")
		go func() {
			if err := d.Upgrade(context.Background()); err != nil {
				fmt.Println(err)
			}
		}()
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
}

func tell(said string, err error) {
	if err != nil {
		said = err.Error()
	}
	fmt.Println(strings.ReplaceAll(said, "\n", " "))
}

func TestLimitsOfEveryWorker(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for workers of another user")
	}
	caps := proc.Capabilities()
	if caps.CPUCgroup.Version == "" || caps.PidsCgroup.Version == "" {
		t.Skipf("needs cgroups: %+v", caps)
	}
	t.Setenv("BOUNDED_SECRET", "hunter2")
	held := `["cpu" "pids"]`
	if caps.CPUCgroup.Version == "v2" {
		held = `[""]`
	}
	score, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		t.Fatal(err)
	}
	var own int
	_, _ = fmt.Sscan(string(score), &own)
	want := fmt.Sprintf(`ids 54321 54322 [], size 1048576, core 1, score %d, in /usr/bin, secret "", greeting "hello", cgroups %s`, min(own+7, 1000), held)
	p := run(t, "bounded")
	for range 20 {
		if got := p.line(); got != want {
			t.Errorf("%s\nnot %s", got, want)
		}
	}
	if got := p.line(); got != "end" {
		t.Error(got)
	}
}

// unableMain tells why it cannot start with one limit after the other.
func unableMain() {
	for what, p := range map[string]legion.Pool{
		"CPU": {CPU: 1, Spawn: legion.Lazy}, "Threads": {Threads: 100, Spawn: legion.Lazy}, "User": {User: "54322:54322", Spawn: legion.Lazy},
		"Unknown": {User: "nobody at all", Spawn: legion.Lazy}, "Dir": {Dir: "/nowhere"}, "OOMScore": {OOMScore: -1000},
		"InProcess": {CPU: 1, Threads: 100, User: "54322:54322"},
		"Sandbox":   {Sandbox: &legion.Sandbox{CPU: 1, Threads: 100}, Spawn: legion.Lazy},
		"Best":      {Threads: 100, Spawn: legion.Lazy, Sandbox: &legion.Sandbox{CPU: 1, User: "54322:54322", BestEffort: true}},
	} {
		d := legion.New(quiet("unable"))
		w := legion.Worker(d, what, bounds, p)
		if what == "InProcess" {
			d.InProcess()
		}
		err := d.Start(context.Background())
		if err == nil {
			if box := w.Pool().Stats().Sandbox; box != nil {
				fmt.Printf("%s lacks: %s\n", what, strings.Join(box.Missing, "; "))
			}
			err = d.Stop(context.Background())
		}
		fmt.Printf("%s: %s\n", what, strings.ReplaceAll(fmt.Sprint(err), "\n", " "))
	}
}

// A limit that the system cannot hold is never left out: the start fails, also
// that of a pool without workers, and says what is missing and how to get it.
func TestLimitsThatCannotBeHeld(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give it up")
	}
	p := runAs(t, "unable", &syscall.Credential{Uid: 54321, Gid: 54321})
	said := map[string]string{}
	for range 10 {
		what, why, _ := strings.Cut(p.line(), ": ")
		said[what] = why
	}
	for what, says := range map[string]string{
		"CPU":       "pool CPU: this system cannot hold its limits: CPU needs a cpu cgroup: ",
		"Threads":   "run the daemon as root, or under systemd with Delegate=pids",
		"User":      "User 54322:54322: only a daemon that runs as root can do that, and this one runs as user 54321",
		"Unknown":   `user "nobody at all" is unknown`,
		"Dir":       "its working directory, by Pool.Dir or Config.WorkDir: ",
		"OOMScore":  "CAP_SYS_RESOURCE",
		"InProcess": "<nil>",
		"Sandbox":   "pool Sandbox: this system cannot hold its sandbox: CPU needs a cpu cgroup: ",
		"Best":      "<nil>",
	} {
		if !strings.Contains(said[what], says) {
			t.Errorf("%s: %s", what, said[what])
		}
	}
	for _, says := range []string{"CPU needs a cpu cgroup", "Threads needs a pids cgroup", "User 54322:54322: only a daemon"} {
		if !strings.Contains(said["Best lacks"], says) {
			t.Errorf("the figures do not say that %s: %s", says, said["Best lacks"])
		}
	}
}

// The quota of a pool holds between calls too, and for what a call leaves
// running; a call that waits is not late for it.
func TestCPUBetweenCalls(t *testing.T) {
	if c := proc.Capabilities().CPUCgroup; c.Version == "" {
		t.Skipf("needs a cpu cgroup: %s", c.Reason)
	}
	const quota = 0.2
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, CPU: quota, Procs: 2}).start(t)
	s.must(t, deed{What: "burn on"})
	used := func() time.Duration { return s.workers("")[0].CPU }
	begin, before := time.Now(), used() // the time around it all: a pause in between only adds to it
	await(t, func() bool { return used()-before >= time.Second/2 })
	burnt, took := (used() - before).Seconds(), time.Since(begin).Seconds()
	t.Logf("%.3f CPUs", burnt/took)
	if burnt > quota*1.1*(took+0.1) { // a period of the kernel more, at the beginning and the end
		t.Errorf("it used %.3f CPUs, not %v", burnt/took, quota)
	}
	if got := s.must(t, deed{What: "pid"}); got == "" {
		t.Error("it does not answer")
	}
}

// A function that writes too much gets an error, and its worker serves on.
func TestFileSizeOfAPool(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1, FileSize: 1 << 20}).start(t)
	pid := s.must(t, deed{What: "pid"})
	file := filepath.Join(t.TempDir(), "file")
	_, err := s.do.Call(t.Context(), deed{What: "write", Path: file, Size: 2 << 20})
	if err == nil || !strings.Contains(err.Error(), unix.EFBIG.Error()) {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 1<<20 {
		t.Error(info, err)
	}
	if got := s.must(t, deed{What: "large", Size: 8 << 20}); len(got) != 8<<20 {
		t.Errorf("a large result has %d bytes", len(got))
	}
	s.must(t, deed{What: "print"})
	if got := s.must(t, deed{What: "pid"}); got != pid {
		t.Error("another worker answers")
	}
	var e *legion.WorkerError
	if _, err := s.do.Call(t.Context(), deed{What: "stack"}); !errors.As(err, &e) || !errors.Is(err, legion.ErrCrashed) || !strings.Contains(e.Stack, "overflow(") {
		t.Error(err) // not a whole report
	}
}

// A list is compared by what is in it: a pool that has one can be configured,
// and the list cannot be changed.
func TestConfigureOfAPoolWithAList(t *testing.T) {
	t.Setenv("A_VARIABLE", "yes")
	env := []string{"*"}
	s := newSolo("solo", legion.Pool{Max: 1, Env: env})
	env[0] = "A" // the pool has a copy
	s.start(t)
	if err := s.do.Pool().Configure(func(p *legion.Pool) error { p.Max = 2; return nil }); err != nil {
		t.Error(err)
	}
	var bad *legion.FieldError
	err := s.do.Pool().Configure(func(p *legion.Pool) error { p.Env = append([]string{}, "B"); return nil })
	if !errors.As(err, &bad) || bad.Field != "Env" {
		t.Error(err)
	}
	if got := s.must(t, deed{What: "env"}); !strings.Contains(got, "A_VARIABLE=yes") {
		t.Errorf("the worker has only %s", got)
	}
}
