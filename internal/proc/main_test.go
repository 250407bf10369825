package proc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test binary plays every part: the tests; children of proc.Start, whose
// part is Purpose.Pool; and, where a test needs a daemon that it can kill or
// starve, processes started with helperEnv.

const (
	helperEnv = "PROC_TEST_HELPER"
	depthEnv  = "PROC_TEST_DEPTH"
	maxDepth  = 4
	hang      = 20 * time.Second // guards against hanging only
)

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
	if c := Self(); c != nil {
		play(c.Purpose.Pool, childParts, c)
	}
	if part := os.Getenv(helperEnv); part != "" {
		os.Unsetenv(helperEnv)
		play(part, helperParts, nil)
	}
	if depth > 0 && !slices.Contains(os.Args, "-test.fuzzworker") {
		fmt.Fprintln(os.Stderr, "started again without a part to play")
		os.Exit(99)
	}
	os.Exit(m.Run())
}

func play(part string, parts map[string]func(*Child), c *Child) {
	run, ok := parts[part]
	if !ok {
		fmt.Fprintf(os.Stderr, "unknown part %q\n", part)
		os.Exit(99)
	}
	run(c)
	os.Exit(0)
}

// printed collects the output of a child.
type printed struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // holds a token when a line was added
}

func newPrinted() *printed { return &printed{more: make(chan struct{}, 1)} }

func (o *printed) output(s Stream, line []byte) {
	o.mu.Lock()
	o.lines = append(o.lines, s.String()+": "+string(line))
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

func (o *printed) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.lines...)
}

// value waits for a line "stdout: <name>=<value>".
func (o *printed) value(t *testing.T, p *Process, name string) string {
	t.Helper()
	guard := time.After(hang)
	for {
		for _, l := range o.all() {
			if v, ok := strings.CutPrefix(l, "stdout: "+name+"="); ok {
				return v
			}
		}
		select {
		case <-o.more:
			continue
		case <-guard:
			t.Fatalf("the child did not print %q in %v; it printed %q", name, hang, o.all())
		case <-p.Done():
		}
		select { // check once more: everything is delivered before Done
		case <-o.more:
		default:
			t.Fatalf("the child did not print %q; it printed %q and ended: %v %+v", name, o.all(), p.Exit(), p.Exit())
		}
	}
}

// begin starts a child that plays a part, and makes sure that it is gone at the
// end of the test.
func begin(t *testing.T, part string, change ...func(*Spec)) (*Process, *printed) {
	t.Helper()
	o := newPrinted()
	s := Spec{Name: "test: " + part, Purpose: Purpose{Pool: part}, Output: o.output}
	for _, c := range change {
		c(&s)
	}
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill("end of test")
		wait(t, p)
	})
	return p, o
}

func wait(t *testing.T, p *Process) Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(hang):
		buf := make([]byte, 1<<16)
		t.Fatalf("process %d has not ended in %v\n%s", p.PID(), hang, buf[:runtime.Stack(buf, true)])
	}
	return p.Exit()
}

func finish(t *testing.T, part string, change ...func(*Spec)) (Exit, []string) {
	t.Helper()
	p, o := begin(t, part, change...)
	e := wait(t, p)
	return e, o.all()
}

func arg(v string) func(*Spec)        { return func(s *Spec) { s.Purpose.Daemon = v } }
func limits(l Limits) func(*Spec)     { return func(s *Spec) { s.Limits = l } }
func memory(bytes uint64) func(*Spec) { return limits(Limits{Memory: bytes}) }

// helper prepares this binary to play a helper: a process that Start did not
// start.
func helper(part string, env ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(exe)
	c.Env = append(append(os.Environ(), helperEnv+"="+part), env...)
	c.Stderr = os.Stderr
	return c
}

// eventually polls for a condition that has no event.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > hang {
			t.Fatalf("not so after %v", hang)
		}
	}
}
