package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestLimitsAreSet(t *testing.T) {
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	p, o := begin(t, "state", limits(Limits{Memory: 256 << 20, Procs: 2, Nice: 7, Files: 100}))
	o.value(t, p, "state")
	for name, want := range map[string]string{
		"procs": "2", "memlimit": strconv.Itoa(256 << 20 / 10 * 9), "nofile": "100/100", "ulimit": `"100\n100\n"`,
	} {
		if got := o.value(t, p, name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p.PID()))
	if len(tasks) < 2 {
		t.Fatalf("%d threads; this test proves nothing", len(tasks))
	}
	for _, task := range tasks {
		if nice := stat(task)[19-3]; nice != "7" {
			t.Errorf("the nice value of thread %s is %s", filepath.Base(task), nice)
		}
	}

	p, o = begin(t, "state")
	o.value(t, p, "state")
	for name, want := range map[string]string{"procs": "1", "memlimit": "9223372036854775807"} {
		if got := o.value(t, p, name); got != want {
			t.Errorf("without limits, %s is %s, not %s", name, got, want)
		}
	}
	limitsFile, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.PID()))
	ownFile, _ := os.ReadFile("/proc/self/limits")
	if string(limitsFile) != string(ownFile) {
		t.Errorf("without limits, they are\n%s", limitsFile)
	}
}

// A limit that cannot be set ends the child before user code runs; the daemon
// learns why.
func TestLimitRefused(t *testing.T) {
	e, lines := finish(t, "hold", limits(Limits{Files: 1 << 40}))
	if e.Code != ExitRefused || len(e.Stderr) != 1 || !strings.Contains(e.Stderr[0], "limiting open files to 1099511627776 (RLIMIT_NOFILE): ") {
		t.Errorf("%v %q", e, e.Stderr)
	}
	if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "stdout") }) {
		t.Errorf("user code has run: %q", lines)
	}
}

// At RLIMIT_DATA the runtime ends the program itself: with a stack, and without
// a guess.
func TestRuntimeOutOfMemory(t *testing.T) {
	withoutCgroups(t)
	e, _ := finish(t, "hoard", memory(32<<20), arg(strconv.Itoa(64<<20)))
	if raceDetector {
		// The detector's allocator runs out of memory first, and ends the program in
		// its own way.
		if e.Code != raceExit || !e.OutOfMemory {
			t.Errorf("%v %+v", e, e)
		}
		return
	}
	if !e.OutOfMemory || e.Code != 2 || e.KilledBy != "" {
		t.Errorf("%v %+v", e, e)
	}
	if !strings.Contains(e.Stack, "out of memory") && !strings.Contains(e.Stack, "spanQueue") || !strings.Contains(e.Stack, "proc.hoard(") {
		t.Errorf("stack:\n%s", e.Stack)
	}
	if e.String() != "exit code 2, out of memory" {
		t.Error(e)
	}
}

// withoutCgroups makes this test run as on a system without cgroups.
func withoutCgroups(t *testing.T) {
	Capabilities() // looks for them
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	before := cgroups.places
	cgroups.places = map[controller]place{}
	for _, name := range controllers {
		cgroups.places[name] = place{reason: errors.New("there is none in this test")}
	}
	t.Cleanup(func() {
		cgroups.mu.Lock()
		defer cgroups.mu.Unlock()
		cgroups.places = before
	})
}

// MinMemory is enough to start, and to do some work.
func TestMinMemory(t *testing.T) {
	p, o := begin(t, "hoard", memory(MinMemory), arg(strconv.Itoa(4<<20)))
	o.value(t, p, "hoarded")
}

// The kernel is to end a child rather than its parent.
func TestChildIsOfferedToTheKernel(t *testing.T) {
	p, o := begin(t, "deaf")
	o.value(t, p, "ready")
	if own, is := score(t, os.Getpid()), score(t, p.PID()); is != min(own+OOMScore, 1000) {
		t.Errorf("the score of the child is %d, that of its parent %d", is, own)
	}
}

func TestMemory(t *testing.T) {
	small, o := begin(t, "hold")
	o.value(t, small, "ready")
	big, o := begin(t, "hoard", arg(strconv.Itoa(64<<20)))
	o.value(t, big, "hoarded")
	shared, o := begin(t, "hoardshared", arg(strconv.Itoa(64<<20)))
	o.value(t, shared, "hoarded")
	s, err1 := small.Memory()
	b, err2 := big.Memory()
	h, err3 := shared.Memory()
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	most := uint64(100 << 20)
	if raceDetector {
		most *= 3
	}
	if s == 0 || b < s+60<<20 || b > s+most || h > s+16<<20 {
		t.Errorf("idle %d, with 64 MiB %d, with 64 MiB shared %d", s, b, h)
	}
	t.Logf("idle %d KiB", s>>10)
}

func TestCPU(t *testing.T) {
	idle, o := begin(t, "hold")
	o.value(t, idle, "ready")
	busy, o := begin(t, "busy")
	o.value(t, busy, "ready")
	cpu := func(p *Process) time.Duration {
		d, err := p.CPU()
		if err != nil || d <= 0 {
			t.Fatal(d, err)
		}
		return d
	}
	first := cpu(busy)
	eventually(t, func() bool { return cpu(busy) >= first+100*time.Millisecond })
	// It agrees with wait4 at the end, which counts in coarser steps.
	last := cpu(busy)
	busy.Kill("")
	if u := wait(t, busy).Usage; u.User+u.System < last-50*time.Millisecond {
		t.Errorf("it had taken %v, and %v in the end", last, u)
	}
	if before := cpu(idle); before >= last {
		t.Errorf("the idle child has taken %v, the busy one %v", before, last)
	}
	if d, err := busy.CPU(); d != 0 || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("of a dead child: %v, %v", d, err)
	}
}

// cgroupDirs returns the folders in which cgroups are made.
func cgroupDirs() (dirs []string) {
	c := Capabilities()
	for _, at := range []CgroupPlace{c.MemoryCgroup, c.CPUCgroup, c.PidsCgroup} {
		if at.Dir != "" {
			dirs = append(dirs, at.Dir)
		}
	}
	return dirs
}

// 200 children leave no zombie, descriptor, goroutine or cgroup behind.
func TestNothingIsLeft(t *testing.T) {
	finish(t, "return", memory(64<<20))
	before := descriptors(t)
	for i := range 200 {
		p, err := Start(Spec{Purpose: Purpose{Pool: []string{"return", "hold", "panic", "exit"}[i%4]}, Limits: Limits{Memory: uint64(i%2) * (64 << 20)}, Output: func(Stream, []byte) {}})
		if err != nil {
			t.Fatal(err)
		}
		if i%4 == 1 {
			p.Kill("test")
		}
		wait(t, p)
		if i == 100 {
			before = descriptors(t) // the reader of a stream closes it just before Done, or after its grace: all are closed by now
		}
	}
	eventually(t, func() bool { return slices.Equal(before, descriptors(t)) })
	children, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(children)) {
		t.Errorf("process %s is left: %v", pid, stat("/proc/"+pid))
	}
	for _, dir := range cgroupDirs() {
		left, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf("legion-*-%d-*", os.Getpid())))
		if len(left) > 0 {
			t.Errorf("cgroups are left: %q", left)
		}
	}
}

func TestExplainHard(t *testing.T) {
	if err := explainHard(syscall.EPERM); !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), "CAP_SYS_RESOURCE") {
		t.Error(err)
	}
	if err := explainHard(syscall.EINVAL); err != error(syscall.EINVAL) {
		t.Error(err)
	}
}

func init() {
	helperParts["renices"] = func(*Child) { // while its threads start others, as the runtime's do at the beginning
		check(syscall.Setpgid(0, 0))
		runtime.GOMAXPROCS(8)
		var started sync.WaitGroup
		stop := make(chan struct{})
		for range 200 {
			started.Add(1)
			go func() {
				runtime.LockOSThread() // so each needs a thread of its own
				started.Done()
				<-stop
			}()
		}
		time.Sleep(time.Millisecond)
		check(renice(5))
		started.Wait()
		tasks, _ := filepath.Glob("/proc/self/task/*")
		for _, task := range tasks {
			if f := stat(task); len(f) > 19-3 && f[19-3] != "5" {
				fmt.Printf("thread %s has the nice value %s\n", filepath.Base(task), f[19-3])
			}
		}
	}
}

// A thread that is being created while the others are given a nice value has it
// too.
func TestNiceOfThreadsThatStart(t *testing.T) {
	for range 20 {
		out, err := helper("renices").Output()
		if err != nil || len(out) > 0 {
			t.Fatalf("%v: %s", err, out)
		}
	}
}
