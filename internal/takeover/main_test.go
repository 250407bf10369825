package takeover

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary plays every part: the tests, which are predecessors;
// successors; predecessors that a test can kill; and their children. partEnv
// says which, and depthEnv guards against a part that starts itself forever.
const (
	partEnv  = "TAKEOVER_TEST_PART"
	depthEnv = "TAKEOVER_TEST_DEPTH"
	maxDepth = 16
	hang     = 60 * time.Second // guards against hanging only
)

var parts = map[string]func(){}

func TestMain(m *testing.M) {
	depth := len(os.Getenv(depthEnv))
	if depth > maxDepth {
		fmt.Fprintln(os.Stderr, "a child of a child of a child …: stop this")
		os.Exit(99)
	}
	os.Setenv(depthEnv, strings.Repeat("x", depth+1))
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // with -race, each exit of a child would take a second
	}
	part, ok := os.LookupEnv(partEnv)
	switch run := parts[part]; {
	case run != nil:
		run()
		os.Exit(0)
	case ok || depth > 0 && !slices.Contains(os.Args, "-test.fuzzworker"): // go test -fuzz starts itself again too
		fmt.Fprintf(os.Stderr, "unknown part %q\n", part)
		os.Exit(99)
	}
	_ = flag.Set("test.parallel", "8") // tests that run in parallel wait for processes
	code := m.Run()
	if left := children(); code == 0 && len(left) > 0 {
		fmt.Fprintln(os.Stderr, "children are left:", left)
		code = 1
	}
	os.Exit(code)
}

// children returns this process's children, dead or alive, on systems that list
// them.
func children() (pids []string) {
	threads, _ := filepath.Glob("/proc/self/task/*/children") // each thread lists the children that it started
	for _, t := range threads {
		b, _ := os.ReadFile(t)
		pids = append(pids, strings.Fields(string(b))...)
	}
	return pids
}

// stay keeps a part from ending until the test ends it, but not forever.
func stay() {
	time.Sleep(3 * hang)
	os.Exit(96)
}

// check ends a part on an error.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(98)
	}
}

// environ returns the environment of a process that plays a part.
func environ(part string, more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, partEnv+"=") })
	return append(append(env, partEnv+"="+part), more...)
}

func executable() string {
	exe, err := os.Executable()
	check(err)
	return exe
}

// report is a pipe on which processes tell a test their progress. It ends when
// all processes that have it are gone.
type report struct {
	t     *testing.T
	r, w  *os.File
	lines *bufio.Scanner
}

func newReport(t *testing.T) *report {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	r.SetReadDeadline(time.Now().Add(hang))
	return &report{t: t, r: r, w: w, lines: bufio.NewScanner(r)}
}

// value waits for a line "name=value" and returns the value; it skips other
// lines before it.
func (r *report) value(name string) string {
	r.t.Helper()
	for r.lines.Scan() {
		if v, ok := strings.CutPrefix(r.lines.Text(), name+"="); ok {
			return v
		}
	}
	buf := make([]byte, 1<<16)
	r.t.Fatalf("no line %q: %v\n%s", name, r.lines.Err(), buf[:runtime.Stack(buf, true)])
	return ""
}

// end waits until every process that has the report is gone, and returns their
// lines since.
func (r *report) end() (lines []string) {
	r.t.Helper()
	r.w.Close()
	for r.lines.Scan() {
		lines = append(lines, r.lines.Text())
	}
	if err := r.lines.Err(); err != nil {
		r.t.Fatalf("a process still has the report: %v", err)
	}
	return lines
}

// say writes a line to the report, in a part. The part inherits the file under
// the name "report".
func say(f *os.File, name string, value any) {
	_, err := fmt.Fprintf(f, "%s=%v\n", name, value)
	check(err)
}

// spec describes a successor that plays a part and reports.
func spec(part string, r *report) Spec {
	return Spec{
		Path: executable(), Env: environ(part), Kind: Upgrade, Timeout: hang,
		Files: map[string]*os.File{"report": r.w}, Stderr: os.Stderr,
	}
}

// begin starts a successor that succeeds, and makes sure that it is gone at the
// end of the test.
func begin(t *testing.T, s Spec) *Successor {
	t.Helper()
	p, err := Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, p) })
	return p
}

func end(t *testing.T, p *Successor) {
	t.Helper()
	p.kill()
	select {
	case <-p.Done():
	case <-time.After(hang):
		t.Errorf("process %d does not end", p.PID())
	}
}

// fails starts a successor that fails.
func fails(t *testing.T, ctx context.Context, s Spec) *Failed {
	t.Helper()
	p, err := Start(ctx, s)
	if err == nil {
		end(t, p)
		t.Fatal("it did not fail")
	}
	var f *Failed
	if !errors.As(err, &f) {
		t.Fatalf("not a Failed: %v", err)
	}
	if err := syscall.Kill(f.PID, 0); err != syscall.ESRCH {
		t.Errorf("process %d: %v", f.PID, err)
	}
	if f.Code == 0 {
		t.Errorf("%+v: no exit code", f)
	}
	return f
}

// helper prepares a predecessor that a test can kill. Its descriptor 3 is the
// report.
func helper(part string, r *report, env ...string) *exec.Cmd {
	c := exec.Command(executable())
	c.Env = environ(part, env...)
	c.Stderr = os.Stderr
	c.ExtraFiles = []*os.File{r.w}
	return c
}

func helperReport() *report {
	syscall.CloseOnExec(3)
	return &report{w: os.NewFile(3, "report")}
}

func contains(t *testing.T, text string, what ...string) {
	t.Helper()
	for _, w := range what {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}

// descriptors lists the open descriptors of this process.
func descriptors() []string {
	d, err := os.Open("/dev/fd")
	check(err)
	defer d.Close()
	names, err := d.Readdirnames(-1)
	check(err)
	var open []string
	for _, n := range names {
		if to, err := os.Readlink("/dev/fd/" + n); err == nil && !strings.HasPrefix(to, "/proc/") {
			open = append(open, n+" "+to)
		}
	}
	slices.Sort(open)
	return open
}

// leaks fails the test if it leaves descriptors or goroutines behind.
func leaks(t *testing.T) {
	t.Helper()
	if p, err := Start(t.Context(), Spec{Path: executable(), Env: environ("exit")}); err == nil { // opens everything that is opened only once
		end(t, p)
	}
	before, routines := descriptors(), runtime.NumGoroutine()
	t.Cleanup(func() {
		if after := descriptors(); !slices.Equal(before, after) {
			t.Errorf("descriptors before: %q\nafter: %q", before, after)
		}
		for begin := time.Now(); runtime.NumGoroutine() > routines; time.Sleep(time.Millisecond) {
			if time.Since(begin) > hang {
				buf := make([]byte, 1<<16)
				t.Fatalf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
			}
		}
	})
}
