package proc

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestSpecIsChecked(t *testing.T) {
	for _, c := range []struct {
		s    Spec
		says string
	}{
		{Spec{Limits: Limits{Memory: MinMemory - 1}}, "Memory is 16777215 bytes; a Go process needs 16777216"},
		{Spec{Limits: Limits{Memory: 1 << 63}}, "more than is possible"},
		{Spec{Limits: Limits{Procs: -1}}, "Procs is -1"},
		{Spec{Limits: Limits{Nice: 20}}, "Nice is 20"},
		{Spec{Limits: Limits{Files: 3}}, "Files is 3"},
		{Spec{Limits: Limits{CPU: 0.04}}, "CPU is 0.04; use 0.05 to 1024"},
		{Spec{Limits: Limits{CPU: 1025}}, "CPU is 1025"},
		{Spec{Limits: Limits{CPU: math.NaN()}}, "CPU is NaN"},
		{Spec{Limits: Limits{Threads: 15}}, "Threads is 15; use 16 to 4194304"},
		{Spec{Limits: Limits{Threads: -1}}, "Threads is -1"},
		{Spec{Limits: Limits{Threads: 4<<20 + 1}}, "Threads is 4194305"},
		{Spec{Limits: Limits{FileSize: 1}}, "the report of a crash needs 262144"},
		{Spec{Limits: Limits{FileSize: 1 << 63}}, "more than possible"},
		{Spec{Limits: Limits{OOMScore: 1001}}, "OOMScore is 1001"},
		{Spec{Limits: Limits{OOMScore: -1001}}, "OOMScore is -1001"},
		{Spec{Files: []*os.File{nil}}, "number 0 is nil"},
		{Spec{Files: make([]*os.File, maxFiles+1)}, "nil"},
		{Spec{Name: "a\x00b"}, "zero byte"},
		{Spec{Purpose: Purpose{Pool: "a\x00b"}}, "zero byte"},
		{Spec{Purpose: Purpose{Pool: strings.Repeat("x", 100<<10)}}, "use fewer or shorter ones"},
	} {
		before := descriptors(t)
		p, err := Start(c.s)
		if err == nil {
			p.Kill("test")
			t.Fatalf("%.200v is accepted", c.s)
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.200v: %v", c.s, err)
		}
		if after := descriptors(t); !slices.Equal(before, after) {
			t.Errorf("descriptors before: %q, after: %q", before, after)
		}
	}
}

// ownCookie matches the cookie of a child of this process.
var ownCookie = regexp.MustCompile(cookieName + `=\d+:` + strconv.Itoa(os.Getpid()) + `:\d+:\d+:a b\\n\\"`)

// Except for the cookie, a worker's user code has the daemon's arguments,
// folder and environment; and neither it nor its children can see anything else
// that proc has passed in.
func TestUserCodeSeesTheDaemonsWorld(t *testing.T) {
	for _, max := range []string{"unset", "", "7"} {
		t.Run("GOMAXPROCS="+max, func(t *testing.T) {
			t.Setenv("GOMAXPROCS", max) // so that the test restores it
			if max == "unset" {
				os.Unsetenv("GOMAXPROCS")
			}
			t.Setenv(cookieName, "another one's") // the child sees its own instead, without a daemon's name in it
			purpose := Purpose{Pool: "state", Daemon: "a b\n\"", Worker: 7, Transport: 2, Buffer: 3, MaxPayload: 1 << 40}
			p, o := begin(t, "state", func(s *Spec) { s.Purpose, s.Limits.Procs = purpose, 3 })
			o.value(t, p, "state")
			cwd, _ := os.Getwd()
			for name, want := range map[string]string{
				"args":    fmt.Sprintf("%q", args),
				"cwd":     cwd,
				"procs":   "3",
				"parent":  "true",
				"environ": fmt.Sprintf("%q", append(slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, depthEnv) }), depthEnv+"=xx")),
			} {
				got := o.value(t, p, name)
				if name == "environ" { // TestMain has changed a variable, which may change the order
					got = ownCookie.ReplaceAllString(got, cookieName+"=another one's")
					got, want = sortWords(got), sortWords(want)
				}
				if got != want {
					t.Errorf("%s: %s, not %s", name, got, want)
				}
			}
			if r := o.value(t, p, "purpose"); !strings.HasPrefix(r, "{Daemon:a b") {
				t.Errorf("purpose: %s", r)
			}
			grandchild := o.value(t, p, "env")
			if strings.Contains(grandchild, markerName) || strings.Contains(grandchild, "GOMAXPROCS=") != (max != "unset") ||
				max != "unset" && !strings.Contains(grandchild, `\nGOMAXPROCS=`+max+`\n`) {
				t.Errorf("a grandchild's environment: %s", grandchild)
			}
			own, err := exec.Command("sh", "-c", "ls /proc/self/fd").Output()
			if fds := o.value(t, p, "ls"); fds != fmt.Sprintf("%q", own) || err != nil {
				t.Errorf("a grandchild's descriptors: %s; those of a child of the daemon: %q, %v", fds, own, err)
			}
		})
	}
}

func sortWords(s string) string {
	w := strings.Split(strings.Trim(s, "[]"), `" "`)
	slices.Sort(w)
	return strings.ReplaceAll(strings.Join(w, `" "`), `"`, "")
}

func TestNameIsShown(t *testing.T) {
	p, o := begin(t, "hold", func(s *Spec) { s.Name = "thumbs: resize and more" })
	o.value(t, p, "ready")
	dir := "/proc/" + strconv.Itoa(p.PID())
	cmdline, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	if name, rest, _ := strings.Cut(string(cmdline), "\x00"); name != "thumbs: resize and more" || rest != strings.Join(args[1:], "\x00")+"\x00" {
		t.Errorf("command line: %q", cmdline)
	}
	if comm, _ := os.ReadFile(dir + "/comm"); string(comm) != "thumbs: resize \n" {
		t.Errorf("comm: %q", comm)
	}
}

func TestFilesAreInherited(t *testing.T) {
	var pipes [2][2]*os.File
	for i := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		pipes[i] = [2]*os.File{r, w}
	}
	p, o := begin(t, "files", memory(64<<20), func(s *Spec) { s.Files = []*os.File{pipes[0][0], pipes[1][1]} })
	pipes[1][1].Close()
	pipes[0][1].WriteString("hello")
	if b, err := io.ReadAll(pipes[1][0]); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if n := o.value(t, p, "files"); n != "2" {
		t.Errorf("%s files", n)
	}
}

// Changes to os.Args (subcommands are often cut out in place) do not reach the
// children.
func TestArgumentsAreTheOriginalOnes(t *testing.T) {
	old := slices.Clone(os.Args)
	defer func() { os.Args = old }()
	os.Args[0] = "changed"
	os.Args = os.Args[:1]
	p, o := begin(t, "state")
	if got, want := o.value(t, p, "args"), fmt.Sprintf("%q", old); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	copy(os.Args[:1], old)
}

// A start that the system refuses leaves no descriptor or goroutine behind.
func TestStartRefused(t *testing.T) {
	defer func() { forkExec = syscall.StartProcess }()
	finish(t, "return") // opens everything that is opened only once
	Capabilities()
	for _, errno := range []syscall.Errno{syscall.EAGAIN, syscall.ENOMEM, syscall.ENOENT} {
		forkExec = func(string, []string, *syscall.ProcAttr) (int, uintptr, error) { return 0, 0, errno }
		before, routines := descriptors(t), runtime.NumGoroutine()
		_, err := Start(Spec{Name: "x", Limits: Limits{Memory: 64 << 20}, Output: func(Stream, []byte) {}})
		if !errors.Is(err, errno) || !strings.HasPrefix(err.Error(), `starting process "x": `) {
			t.Errorf("%v", err)
		}
		if after := descriptors(t); !slices.Equal(before, after) {
			t.Errorf("%v: descriptors before: %q, after: %q", errno, before, after)
		}
		if n := runtime.NumGoroutine(); n > routines {
			t.Errorf("%v: %d goroutines, there were %d", errno, n, routines)
		}
	}
}

// descriptors lists the open descriptors of this process.
func descriptors(t *testing.T) []string {
	t.Helper()
	d, err := os.Open("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	own := strconv.Itoa(int(d.Fd())) // its number depends on what else is open at that moment
	for _, n := range names {
		if to, err := os.Readlink("/dev/fd/" + n); err == nil && n != own {
			open = append(open, n+" "+to)
		}
	}
	slices.Sort(open)
	return open
}
