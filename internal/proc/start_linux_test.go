package proc

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	helperParts["crowded"] = func(*Child) { startCrowded() }
	helperParts["narrow"] = func(*Child) { startNarrow() }
	helperParts["first"] = func(*Child) { startAsFirst() }
	helperParts["restless"] = func(*Child) { startRestless() }
}

// asNobody prepares a helper that runs as a user without other processes: the
// limit of processes applies to it.
func asNobody(part string) *exec.Cmd {
	c := helper(part)
	c.Path = "/proc/self/exe" // the user may not enter the folder of the test binary
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	c.Dir = "/"
	return c
}

// If the system refuses another process, Start fails at once and leaves nothing
// behind. Afterwards it works again.
func TestForkRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become a user with no other processes")
	}
	out, err := asNobody("crowded").Output()
	if err != nil || string(out) != "well\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func startCrowded() {
	purpose := Spec{Purpose: Purpose{Pool: "return"}, Output: func(Stream, []byte) {}}
	try := func() error {
		p, err := Start(purpose)
		if err == nil {
			if e := p.Exit(); e.Code != 0 {
				err = fmt.Errorf("%v %q", e, e.Stderr)
			}
		}
		return err
	}
	check(try())
	// The limit counts threads. Start plenty first, so that the runtime needs no
	// more.
	var ready, end sync.WaitGroup
	release := make(chan struct{})
	for range 20 {
		ready.Add(1)
		end.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	close(release)
	end.Wait()

	before := openNames()
	var l syscall.Rlimit
	check(unix.Getrlimit(unix.RLIMIT_NPROC, (*unix.Rlimit)(&l)))
	for range 50 {
		check(unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: 1, Max: l.Max}))
		if err := try(); !errors.Is(err, syscall.EAGAIN) {
			check(fmt.Errorf("not EAGAIN: %v", err))
		}
	}
	if after := openNames(); !slices.Equal(before, after) {
		check(fmt.Errorf("open before: %q, after: %q", before, after))
	}
	check(unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: l.Cur, Max: l.Max}))
	check(try())
	fmt.Println("well")
}

// With any number of free descriptors that is too small, Start fails and leaves
// nothing open.
func TestNoDescriptorsLeft(t *testing.T) {
	out, err := helper("narrow").Output()
	if err != nil || string(out) != "well\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func startNarrow() {
	f, err := os.Open(os.DevNull)
	check(err)
	spec := Spec{Purpose: Purpose{Pool: "return"}, Output: func(Stream, []byte) {}, Files: []*os.File{f}, Limits: Limits{Memory: 64 << 20, CPU: 1, Threads: 100}}
	c := Capabilities()
	if c.CPUCgroup.Version == "" || c.PidsCgroup.Version == "" {
		spec.Limits.CPU, spec.Limits.Threads = 0, 0
	}
	if os.Geteuid() == 0 {
		spec.User = stranger
	}
	p, err := Start(spec) // opens everything that is opened only once
	check(err)
	p.Exit()
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
	// fill opens as many files as possible, and returns a function that closes n of
	// them.
	fill := func() (count int, free func(n int)) {
		var full []*os.File
		for {
			f, err := os.Open(os.DevNull)
			if errors.Is(err, syscall.EMFILE) {
				break
			}
			check(err)
			full = append(full, f)
		}
		return len(full), func(n int) {
			for _, f := range full[:n] {
				f.Close()
			}
			full = full[n:]
		}
	}
	room, free := fill()
	free(room)
	failures := 0
	for n := range 30 {
		_, free := fill()
		free(n)
		p, err := Start(spec)
		switch {
		case errors.Is(err, syscall.EMFILE):
			failures++
		case err != nil:
			check(err)
		default:
			if e := p.Exit(); e.Code != 0 {
				check(fmt.Errorf("%v %q", e, e.Stderr))
			}
		}
		free(room - n)
		count, free := fill()
		free(count)
		if count != room {
			check(fmt.Errorf("with room for %d descriptors, Start returns %v, and leaves room for %d of %d", n, err, count, room))
		}
	}
	if failures < 5 || failures > 25 {
		check(fmt.Errorf("%d of 30 starts failed", failures))
	}
	fmt.Println("well")
}

func openNames() []string {
	links, _ := filepath.Glob("/proc/self/fd/*")
	var names []string
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil {
			names = append(names, filepath.Base(l)+" "+to)
		}
	}
	return names
}

// In a container the daemon may be process 1, and its children's parent too.
func TestDaemonIsProcess1(t *testing.T) {
	c := helper("first")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	out, err := c.Output()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to make a pid namespace")
	}
	if err != nil || string(out) != "well\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func startAsFirst() {
	if os.Getpid() != 1 {
		check(fmt.Errorf("this is process %d", os.Getpid()))
	}
	check(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	check(syscall.Mount("proc", "/proc", "proc", 0, ""))
	p, err := Start(Spec{Purpose: Purpose{Pool: "exit", Daemon: "3"}})
	check(err)
	if e := p.Exit(); e.Code != 3 {
		check(fmt.Errorf("%v %q", e, e.Stderr))
	}
	p, err = Start(Spec{Purpose: Purpose{Pool: "hold"}})
	check(err)
	check(p.Kill("test"))
	if e := p.Exit(); e.KilledBy != "test" {
		check(fmt.Errorf("%v %q", e, e.Stderr))
	}
	fmt.Println("well")
}

// A child outlives the thread on which Start was called.
func TestThreadOfTheCallerEnds(t *testing.T) {
	for range 20 {
		var p *Process
		var o *printed
		end := make(chan struct{})
		go func() {
			defer close(end)
			runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
			p, o = begin(t, "hold")
		}()
		<-end
		o.value(t, p, "ready")
	}
}

// No child survives a killed daemon, even if it is killed while children start.
func TestDaemonKilledWhileStarting(t *testing.T) {
	for i := range 25 {
		name := fmt.Sprintf("restless-%d-%d", os.Getpid(), i)
		c := helper("restless", "PROC_TEST_NAME="+name)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + i%5 {
			if !lines.Scan() {
				t.Error("it ends by itself:", lines.Err())
			}
		}
		time.Sleep(time.Duration(i) * 100 * time.Microsecond) // does not wait for an event: it varies the moment
		c.Process.Kill()
		c.Wait()
		for begin := time.Now(); ; time.Sleep(time.Millisecond) {
			left := named(name)
			if len(left) == 0 {
				break
			}
			if time.Since(begin) > 2*time.Second {
				for _, pid := range left {
					syscall.Kill(pid, syscall.SIGKILL)
				}
				t.Fatalf("processes %v are left", left)
			}
		}
	}
}

func startRestless() {
	for i := range 1000 {
		_, err := Start(Spec{Name: os.Getenv("PROC_TEST_NAME"), Purpose: Purpose{Pool: "hold"}})
		check(err)
		fmt.Printf("started=%d\n", i)
	}
}

// named finds the processes whose argv[0] is name; zombies have none.
func named(name string) []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		if strings.HasPrefix(string(b), name+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// If other code in the program reaps our child, its code is lost, but nothing
// hangs, and no other process is signalled.
func TestReapedByOtherCode(t *testing.T) {
	p, o := begin(t, "hold")
	o.value(t, p, "ready")
	p.mu.Lock() // so watch has to wait
	syscall.Kill(p.PID(), syscall.SIGKILL)
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(p.PID(), &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	p.mu.Unlock()
	if e := wait(t, p); e.Code != -1 || e.Signal != 0 || e.KilledBy != "" || e.String() != "unknown end: other code in this process reaped it" {
		t.Errorf("%v %+v", e, e)
	}
	if err := p.Kill("again"); err != nil {
		t.Error(err)
	}
}

// All methods at the same time, from many goroutines.
func TestConcurrency(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 5 {
				p, err := Start(Spec{Purpose: Purpose{Pool: "hold"}, Output: func(Stream, []byte) {}})
				if err != nil {
					t.Error(err)
					return
				}
				var users sync.WaitGroup
				for _, use := range []func(){
					func() { p.Memory() }, func() { p.PID() }, func() { p.Exit() },
					func() { p.CPU() }, func() { <-p.Done() },
					func() { time.Sleep(time.Duration(i) * time.Millisecond); p.Kill("first") },
				} {
					users.Go(use)
				}
				users.Wait()
				if e := p.Exit(); e.Signal != syscall.SIGKILL || e.KilledBy != "first" {
					t.Errorf("%v %+v", e, e)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkStart measures the time from Start to the end of the child's
// initialisation, and separately the time of Start alone.
func BenchmarkStart(b *testing.B) {
	var inStart time.Duration
	for b.Loop() {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		p, err := Start(Spec{Purpose: Purpose{Pool: "tell"}, Files: []*os.File{w}})
		if err != nil {
			b.Fatal(err)
		}
		inStart += time.Since(begin)
		w.Close()
		r.Read(make([]byte, 1))
		r.Close()
		b.StopTimer()
		p.Kill("measured")
		p.Exit()
		b.StartTimer()
	}
	b.ReportMetric(float64(inStart.Nanoseconds())/float64(b.N), "ns/Start")
}
