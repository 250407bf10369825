package proc

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

func box(b sandbox.Sandbox) func(*Spec) { return func(s *Spec) { s.Sandbox = &b } }

// seal seals a child of a test, which needs no report.
func seal() {
	_, err := Seal()
	check(err)
}

// unreasonable are calls for which no function has a reason, by what
// Exit.Forbidden.Call says of each.
var unreasonable = map[string]func(){
	"ptrace":            func() { unix.PtraceAttach(os.Getppid()) },
	"process_vm_readv":  func() { unix.ProcessVMReadv(os.Getppid(), nil, nil, 0) },
	"pidfd_getfd":       func() { unix.PidfdGetfd(0, 0, 0) },
	"mount":             func() { unix.Mount("", "/", "", 0, "") },
	"chroot":            func() { unix.Chroot("/") },
	"unshare":           func() { unix.Unshare(unix.CLONE_NEWUSER) },
	"setns":             func() { unix.Setns(0, 0) },
	"open_by_handle_at": func() { unix.OpenByHandleAt(0, unix.NewFileHandle(0, nil), 0) },
	"bpf":               func() { unix.Syscall(unix.SYS_BPF, 0, 0, 0) },
	"perf_event_open":   func() { unix.PerfEventOpen(&unix.PerfEventAttr{}, 0, 0, -1, 0) },
	"userfaultfd":       func() { unix.Syscall(unix.SYS_USERFAULTFD, 0, 0, 0) },
	"keyctl":            func() { unix.KeyctlGetKeyringID(-1, false) },
}

func init() {
	childParts["unreasonable"] = func(c *Child) {
		seal()
		unreasonable[c.Purpose.Daemon]()
	}
	childParts["strict"] = func(c *Child) {
		seal()
		switch c.Purpose.Daemon {
		case "socket":
			_, _ = net.Dial("tcp", "127.0.0.1:1")
		case "openat":
			_ = os.WriteFile("/tmp/legion-forbidden", nil, 0o600)
		case "start":
			_, _ = syscall.ForkExec("/bin/true", []string{"true"}, nil)
		case "kill":
			_ = unix.Kill(c.Parent, 0)
		}
	}
	childParts["threads"] = manyThreads
	childParts["lives"] = live
	childParts["memory"] = func(*Child) {
		seal()
		hoard(1 << 30)
	}
	childParts["timers"] = func(*Child) {
		seal()
		fmt.Printf("timers=%s\n", result(manyTimers()))
		forever()
	}
	childParts["asleep"] = func(*Child) {
		seal()
		fmt.Printf("ready=%d\n", os.Getpid())
		forever()
	}
}

// Calls that no function has a reason for end the child, which says which.
func TestUnreasonableCalls(t *testing.T) {
	for call := range unreasonable {
		e, _ := finish(t, "unreasonable", arg(call), box(sandbox.Sandbox{JIT: true}))
		if e.Forbidden == nil || e.Forbidden.Call != call || e.Forbidden.Rule != "" {
			t.Errorf("%s: %v, %+v\n%s", call, e, e.Forbidden, e.Stack)
		}
	}
}

// In a strict sandbox each forbidden call ends the child, which says which, and
// where it was.
func TestStrictSandbox(t *testing.T) {
	for call, want := range map[string]string{
		"socket": "called socket(AF_INET, SOCK_STREAM), which Sandbox.Network does not allow: it was in ",
		"openat": "called openat(O_WRONLY|O_CREAT|O_TRUNC), which Sandbox.Write does not allow: it was in proc.",
		"kill":   "called kill(" + strconv.Itoa(os.Getpid()) + ", ), which no Sandbox allows: it was in proc.",
		"start":  "called clone, to start a program, or a system call of another ABI, which Sandbox.Exec does not allow",
	} {
		e, _ := finish(t, "strict", arg(call), box(sandbox.Sandbox{Strict: true}))
		if e.Forbidden == nil || !strings.HasPrefix(e.Forbidden.String(), want) || call != "start" && !strings.Contains(e.Forbidden.Where, "sealed_linux_test.go:") {
			t.Errorf("%s: %v: %v\n%s", call, e, e.Forbidden, e.Stack)
		}
		if e, _ := finish(t, "strict", arg(call), box(sandbox.Sandbox{})); e.Code != 0 || e.Forbidden != nil {
			t.Errorf("%s, not strict: %v: %v", call, e, e.Forbidden)
		}
	}
}

// manyThreads seals while threads are born and end. Then each, old or new,
// tries what is forbidden.
func manyThreads(*Child) {
	runtime.GOMAXPROCS(4)
	var wrong, tried atomic.Int64
	try := func() {
		if err := open("/etc/passwd", unix.O_RDONLY)(); err != unix.EACCES {
			wrong.Add(1)
		}
		if err := socket(unix.AF_INET, unix.SOCK_DGRAM, 0)(); err != unix.EPERM {
			wrong.Add(1)
		}
		tried.Add(1)
	}
	sealed := make(chan struct{})
	var all sync.WaitGroup
	thread := func(do func()) {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread() // and never unlocks: the thread ends
			do()
		}()
	}
	for range 20 {
		thread(func() {
			<-sealed
			try()
		})
	}
	var stop atomic.Bool
	for range 4 {
		thread(func() {
			for !stop.Load() {
				thread(func() { _ = spinOnce() })
				runtime.Gosched()
			}
		})
	}
	seal()
	stop.Store(true)
	close(sealed)
	for range 20 {
		thread(try)
	}
	all.Wait()
	fmt.Printf("tried=%d %d\n", tried.Load(), wrong.Load())
	forever()
}

// Each thread is confined, whenever it was born.
func TestEveryThreadIsSealed(t *testing.T) {
	readable := box(sandbox.Sandbox{Read: []string{t.TempDir()}})
	p, o := begin(t, "threads", readable)
	if got := o.value(t, p, "tried"); got != "40 0" {
		t.Errorf("threads, and what they got through: %s", got)
	}
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(p.PID()) + "/task/*/status")
	if err != nil || len(tasks) < 4 {
		t.Fatal(tasks, err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err == nil && (!strings.Contains(string(status), "\nSeccomp:\t2\n") || !strings.Contains(string(status), "\nNoNewPrivs:\t1\n")) {
			t.Errorf("%s:\n%s", task, status)
		}
	}
}

// live does what harmless functions do, some of it at first use.
func live(*Child) {
	seal()
	fmt.Printf("zone=%s\n", time.Now().Format("-0700"))
	_, err := time.LoadLocation("Mars/Olympus")
	fmt.Printf("unknown zone=%v\n", err != nil)
	_, err = rand.Read(make([]byte, 100))
	check(err)
	_, _ = user.Current()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	_, err = net.DefaultResolver.LookupHost(ctx, "localhost.invalid")
	fmt.Printf("lookup fails=%v\n", err != nil)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Add(1)
		go func() {
			defer all.Done()
			defer func() { _ = recover() }()
			if i%50 == 0 {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread() // a signal to a thread that ends would be lost
			}
			time.Sleep(time.Duration(i%7) * time.Millisecond)
			hoarded := make([]byte, 10<<10)
			panic(hoarded[i])
		}()
	}
	all.Wait()
	runtime.GC()
	r, w, err := os.Pipe()
	check(err)
	go w.Write([]byte("x"))
	_, err = r.Read(make([]byte, 1))
	check(err)
	fmt.Printf("lived=%d\n", os.Getpid())
	forever()
}

// A sealed child can do all that computing needs, end by its memory limit and
// with its stacks, and ends with its daemon.
func TestLifeInASandbox(t *testing.T) {
	zone, want := "Asia/Tokyo", "+0900"
	if _, err := os.Stat("/usr/share/zoneinfo/" + zone); err != nil {
		zone, want = "", "+0000"
	}
	t.Setenv("TZ", zone)
	for name, b := range map[string]sandbox.Sandbox{"locked": {}, "exec": {Read: []string{"/usr/bin"}, Exec: true}, "any network": {Network: sandbox.AnyNetwork}} {
		p, o := begin(t, "lives", box(b), memory(1<<30)) // in C, each thread counts for 8 MiB
		if got := o.value(t, p, "zone"); got != want {
			t.Errorf("%s: its zone is %s, not %s", name, got, want)
		}
		o.value(t, p, "lived")
		if err := p.Quit(); err != nil {
			t.Fatal(err)
		}
		if e := wait(t, p); e.Code != 2 || !strings.Contains(e.Stack, "proc.live(") || e.Forbidden != nil {
			t.Errorf("%s: asked for its stacks: %v\n%s", name, e, e.Stack)
		}
		if e, _ := finish(t, "memory", box(b), memory(64<<20)); !e.OutOfMemory {
			t.Errorf("%s: %v\n%s", name, e, e.Stack)
		}
	}
	t.Setenv("PROC_TEST_SANDBOX", "locked")
	for _, how := range []string{"running", "stopped"} {
		daemon, v := startDaemon(t, "asleep", "ready")
		child := watchPID(t, "worker", v["ready"])
		if how == "stopped" {
			stop(t, child.pid)
		}
		syscall.Kill(daemon.pid, syscall.SIGKILL)
		if !child.goneWithin(hang) {
			t.Errorf("%s: the daemon is gone, and its sealed child is still there", how)
		}
	}
}

// A descriptor that its daemon got without the close-on-exec mark does not
// reach a child.
func TestForeignDescriptors(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(secret)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, how := range []string{"", "locked"} {
		t.Setenv("PROC_TEST_SANDBOX", how)
		c := helper("daemon")
		c.ExtraFiles = []*os.File{f}
		daemon, v := startDaemonAs(t, c, "hold", "ready")
		if have := holders(t, strconv.Itoa(daemon.pid), secret); len(have) != 1 {
			t.Errorf("the daemon has it as %q: this test proves nothing", have)
		}
		if have := holders(t, v["ready"], secret); len(have) != 0 {
			t.Errorf("sandbox %q: the child has it as %q", how, have)
		}
	}
}

// In a sandbox, the child itself closes those that C code in the daemon opens
// while it starts a child.
func TestUnmarkedDescriptors(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start := forkExec
	defer func() { forkExec = start }()
	forkExec = func(exe string, argv []string, attr *syscall.ProcAttr) (pid int, handle uintptr, err error) {
		fd, err := unix.Open(secret, unix.O_RDONLY, 0)
		if err != nil {
			return 0, 0, err
		}
		defer unix.Close(fd)
		return start(exe, argv, attr)
	}
	p, o := begin(t, "asleep", box(sandbox.Sandbox{}))
	if have := holders(t, o.value(t, p, "ready"), secret); len(have) != 0 {
		t.Errorf("the child has it as %q", have)
	}
}

// holders returns the descriptors of a process that are open on a file.
func holders(t *testing.T, pid, file string) (fds []string) {
	t.Helper()
	names, err := filepath.Glob("/proc/" + pid + "/fd/*")
	if err != nil || names == nil {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if to, _ := os.Readlink(name); to == file {
			fds = append(fds, filepath.Base(name))
		}
	}
	return fds
}

// The setup may read what Setup names, and the functions may not. If functions
// may open other files, that cannot be held in a program with C in it before
// Linux 7.0, which is refused.
func TestSetupPaths(t *testing.T) {
	g := newGround(t)
	setup, read := []string{filepath.Join(g.dir, "s")}, []string{filepath.Join(g.dir, "r")}
	_, lines := finish(t, "escape", arg(g.String()), box(sandbox.Sandbox{Setup: setup}))
	for _, want := range []string{"setup passwd=EACCES", "read s=EPERM", "kept file=done", "kept folder=EPERM", "end=yes"} {
		if !slices.Contains(lines, "stdout: "+want) {
			t.Errorf("it does not say %q:\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if !cgo() || newestLandlock() >= 8 {
		return // TestEscapes has this
	}
	e, _ := finish(t, "escape", arg(g.String()), box(sandbox.Sandbox{Setup: setup, Read: read}))
	if e.Code != ExitRefused || !strings.Contains(strings.Join(e.Stderr, "\n"), "Setup paths would stay readable") {
		t.Errorf("%v: %q", e, e.Stderr)
	}
}

// However many timers a user's workers have, others can start and be sealed.
func TestTimersDoNotHinderOthers(t *testing.T) {
	first, o := begin(t, "timers", box(sandbox.Sandbox{}))
	if got := o.value(t, first, "timers"); got != "EAGAIN" {
		t.Errorf("its last timer: %s", got)
	}
	for _, b := range []sandbox.Sandbox{{}, {Read: []string{t.TempDir()}}} {
		second, o := begin(t, "asleep", box(b))
		o.value(t, second, "ready")
	}
}

// A path that is not there refuses the child, which names the field.
func TestPathsOfASandboxMustExist(t *testing.T) {
	missing := []string{filepath.Join(t.TempDir(), "missing")}
	for field, b := range map[string]sandbox.Sandbox{"Read": {Read: missing}, "Write": {Write: missing}, "Setup": {Setup: missing}} {
		e, _ := finish(t, "asleep", box(b))
		if said := strings.Join(e.Stderr, "\n"); e.Code != ExitRefused || !strings.Contains(said, "Sandbox."+field+": open "+missing[0]+": no such file or directory: make it") {
			t.Errorf("%s: %v: %s", field, e, said)
		}
	}
}

func newestLandlock() uintptr {
	n, _, _ := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	return n
}
