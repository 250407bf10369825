package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	childParts["burn"] = func(*Child) { // with a child, which burns too
		burner := exec.Command("sh", "-c", "while :; do :; done")
		check(burner.Start())
		var looping atomic.Bool
		go busyLooping(&looping)
		fmt.Printf("burner=%d\n", burner.Process.Pid)
		forever()
	}
	childParts["bomb"] = func(c *Child) {
		fmt.Printf("ready=%d\n", os.Getpid())
		if c.Purpose.Daemon == "threads" {
			sleepers()
		}
		for n := 0; ; n++ {
			if err := exec.Command("sleep", "1000").Start(); err != nil {
				fmt.Printf("started=%d\n", n)
				fmt.Printf("refused=%v\n", errors.Is(err, syscall.EAGAIN))
				forever()
			}
		}
	}
	childParts["sizes"] = func(c *Child) { writeTooMuch(c.Purpose.Daemon) }
}

// sleepers starts threads for ever.
func sleepers() {
	for {
		go unix.Nanosleep(&unix.Timespec{Sec: 1000}, nil) // a call into the kernel that blocks
		time.Sleep(time.Microsecond)
	}
}

// A child and its own children together get CPU, however many of them burn.
//
// The kernel's own counter is compared with the time that passed, so another
// load of the machine can only make it less: there is no lower bound that a
// busy machine keeps.
func TestCPUQuota(t *testing.T) {
	place := need(t, "cpu", Capabilities().CPUCgroup)
	const quota = 0.2
	p, o := begin(t, "burn", limits(Limits{CPU: quota, Procs: 2}))
	burner, _ := strconv.Atoi(o.value(t, p, "burner"))
	dir := p.launch.cgroup.folders[0].dir
	if filepath.Dir(dir) != place.Dir || !members(dir)[p.PID()] || !members(dir)[burner] {
		t.Errorf("%s has %v", dir, members(dir))
	}
	used := func() time.Duration {
		own, err1 := processorTime(p.PID())
		its, err2 := processorTime(burner)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return own + its
	}
	// At the beginning and at the end a quota may be used up within a moment: one
	// more than periods have passed.
	begin, before := time.Now(), used()
	eventually(t, func() bool { return used() >= before+time.Duration(3*quota*float64(time.Second)) })
	burnt := used() - before
	took := time.Since(begin) // the time around it all: a pause in between only adds to it
	rate := burnt.Seconds() / took.Seconds()
	t.Logf("%v in %v: %.3f CPUs", burnt, took, rate)
	if most := quota * 1.1 * (took + 100*time.Millisecond).Seconds(); burnt.Seconds() > most {
		t.Errorf("they used %.3f CPUs, not %v", rate, quota)
	}
	if !regexp.MustCompile(`(?m)^nr_throttled [1-9]`).MatchString(content(t, dir, "cpu.stat")) {
		t.Errorf("the kernel has held nothing back: %s", content(t, dir, "cpu.stat"))
	}
}

// In version 1 a quota above that of the daemon's own cgroup is refused by the
// kernel; then that one holds.
func TestCPUQuotaWithinAnother(t *testing.T) {
	if c := need(t, "cpu", Capabilities().CPUCgroup); c.Version != "v1" {
		t.Skip("needs cgroup v1: v2 takes the lower of both")
	}
	Capabilities()
	cgroups.mu.Lock()
	at := cgroups.places[cpuController]
	cgroups.mu.Unlock()
	outer := filepath.Join(at.dir, "legion-test-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(outer, 0o755); err != nil {
		t.Fatal(err)
	}
	defer unix.Rmdir(outer)
	if err := writeControl(outer, "cpu.cfs_quota_us", "50000"); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(outer, "inner")
	var g cgroup
	defer func() { g.discard() }()
	if err := g.limit(cpuController, 1, inner, Limits{CPU: 2}); err != nil {
		t.Error(err)
	}
	g.discard()
	g = cgroup{}
	if err := g.limit(cpuController, 1, inner, Limits{CPU: 0.25}); err != nil {
		t.Error(err)
	}
	if got := content(t, inner, "cpu.cfs_quota_us"); got != "25000\n" {
		t.Error(got)
	}
}

// A bomb of processes or threads ends at Threads; the machine notices nothing.
func TestThreads(t *testing.T) {
	need(t, "pids", Capabilities().PidsCgroup)
	p, o := begin(t, "bomb", limits(Limits{Threads: 40}))
	if got := o.value(t, p, "refused"); got != "true" {
		t.Error("not with EAGAIN")
	}
	if n, _ := strconv.Atoi(o.value(t, p, "started")); n < 10 || n >= 40 {
		t.Errorf("it has started %d processes", n)
	}
	dir := p.launch.cgroup.folders[0].dir
	if n := len(members(dir)); n > 40 {
		t.Errorf("%s has %d processes", dir, n)
	}
	p.Kill("")
	if wait(t, p); len(members(dir)) != 0 {
		t.Errorf("left: %v", members(dir))
	}

	// The Go runtime ends the program; in C, the C library does.
	e, _ := finish(t, "bomb", limits(Limits{Threads: 40}), arg("threads"))
	if e.Code != 2 || !strings.Contains(e.Stack, "failed to create new OS thread") && !strings.Contains(e.Stack, "SIGABRT") {
		t.Errorf("%v %q\n%s", e, e.Stderr, e.Stack)
	}
}

// MinThreads is enough to start, and to do some work.
func TestMinThreads(t *testing.T) {
	need(t, "pids", Capabilities().PidsCgroup)
	p, o := begin(t, "hoard", limits(Limits{Threads: MinThreads, Procs: 4}), arg(strconv.Itoa(64<<20)))
	o.value(t, p, "hoarded")
}

// CPU and Threads are never silently absent.
func TestNoCgroupNoStart(t *testing.T) {
	withoutCgroups(t)
	for says, l := range map[string]Limits{"CPU needs a cpu cgroup: there is none": {CPU: 1, Memory: 64 << 20}, "Threads needs a pids cgroup: there is none": {Threads: 100}} {
		if _, err := Start(Spec{Limits: l}); err == nil || !strings.Contains(err.Error(), says) {
			t.Error(err)
		}
	}
	finish(t, "return", memory(64<<20))
}

// If the kernel does not start the child in its cgroup, it is started without,
// but not one with a limit that only the cgroup holds.
func TestCgroupRefusedByTheKernel(t *testing.T) {
	before := forkExec
	defer func() { forkExec = before }()
	for _, bound := range []bool{false, true} {
		dir, err := os.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		forkExec = func(_ string, _ []string, attr *syscall.ProcAttr) (int, uintptr, error) {
			if tries++; attr.Sys.UseCgroupFD {
				return 0, 0, syscall.EBUSY
			}
			return 0, 0, syscall.EXDEV // the next refusal: no child
		}
		l := &launch{bound: bound, cgroup: cgroup{enter: dir}}
		_, err = l.fork("", nil, nil)
		switch {
		case bound && (tries != 1 || !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), "in the cgroup "+dir.Name()+", which its limits need")):
			t.Errorf("with a limit: %d tries, %v", tries, err)
		case !bound && (tries != 2 || !errors.Is(err, syscall.EXDEV) || l.cgroup.enter != nil):
			t.Errorf("without: %d tries, %v", tries, err)
		}
		dir.Close()
	}
}

// Writing beyond FileSize is an error of the write: it ends no process of Go.
func TestFileSize(t *testing.T) {
	const size = MinFileSize
	p, o := begin(t, "sizes", limits(Limits{FileSize: size}), arg(t.TempDir()))
	o.value(t, p, "end")
	for _, name := range []string{"file", "memory"} {
		if got, want := o.value(t, p, name), fmt.Sprintf("%d file too large", size); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
	if got := o.value(t, p, "truncate"); got != "file too large" {
		t.Error(got)
	}
	if got := o.value(t, p, "pipe"); got != "1048576 <nil>" {
		t.Error(got)
	}
	// A crash is reported in full.
	e, _ := finish(t, "panic", limits(Limits{FileSize: size}))
	if e.Code != 2 || !strings.Contains(e.Stack, "panic: first line") || !strings.Contains(e.Stack, "proc.play") {
		t.Errorf("%v\n%s", e, e.Stack)
	}
}

func writeTooMuch(dir string) {
	block := make([]byte, 100<<10)
	fill := func(f *os.File) (total int, err error) {
		for {
			n, err := f.Write(block)
			total += n
			if err != nil {
				return total, errors.Unwrap(err)
			}
		}
	}
	f, err := os.Create(filepath.Join(dir, "file"))
	check(err)
	n, err := fill(f)
	fmt.Printf("file=%d %v\n", n, err)
	fmt.Printf("truncate=%v\n", errors.Unwrap(f.Truncate(1<<30)))
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	check(err)
	n, err = fill(os.NewFile(uintptr(fd), "memory"))
	fmt.Printf("memory=%d %v\n", n, err)
	r, w, err := os.Pipe()
	check(err)
	var reading sync.WaitGroup
	total := 0
	reading.Go(func() {
		for buf := make([]byte, 64<<10); ; {
			n, err := r.Read(buf)
			total += n
			if err != nil {
				return
			}
		}
	})
	_, err = w.Write(make([]byte, 1<<20))
	w.Close()
	reading.Wait()
	fmt.Printf("pipe=%d %v\n", total, err)
	fmt.Println("end=yes")
	forever()
}

// The limits that a process sets itself are there before user code runs, in its
// children too.
func TestNoCoreAndScore(t *testing.T) {
	own := score(t, os.Getpid())
	p, o := begin(t, "hold", limits(Limits{NoCore: true, OOMScore: 100}))
	o.value(t, p, "ready")
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.PID()))
	if err != nil || !strings.Contains(string(b), "Max core file size        1                    1 ") {
		t.Errorf("%v\n%s", err, b)
	}
	if is := score(t, p.PID()); is != min(own+100, 1000) {
		t.Errorf("its score is %d, the daemon's %d", is, own)
	}
	p, o = begin(t, "hold", limits(Limits{OOMScore: 1000}))
	o.value(t, p, "ready")
	if is := score(t, p.PID()); is != 1000 {
		t.Errorf("its score is %d", is)
	}
	const mayLower = 1 << unix.CAP_SYS_RESOURCE
	if f := content(t, "/proc/self/status"); capabilities(t, f)&mayLower != 0 {
		p, o = begin(t, "hold", limits(Limits{OOMScore: -3}))
		o.value(t, p, "ready")
		if is := score(t, p.PID()); is != max(own-3, -1000) {
			t.Errorf("its score is %d, the daemon's %d", is, own)
		}
	} else if e, _ := finish(t, "hold", limits(Limits{OOMScore: -3})); e.Code != ExitRefused || !strings.Contains(e.Stderr[0], "CAP_SYS_RESOURCE") {
		t.Errorf("%v %q", e, e.Stderr)
	}
}

// capabilities reads those in effect from a status file, see proc(5).
func capabilities(t *testing.T, status string) uint64 {
	t.Helper()
	_, text, _ := strings.Cut(status, "\nCapEff:\t")
	text, _, _ = strings.Cut(text, "\n")
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func score(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	n, bad := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	return n
}
