package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// solo is a daemon with one pool of consequence, whose workers start as bootKey
// says, and a small one beside it.
type solo struct {
	d     *legion.Daemon
	do    *legion.Func[deed, string]
	inner *legion.Func[deed, string] // does what a worker cannot
	spare *legion.Func[string, string]
}

func newSolo(name string, p legion.Pool) *solo { return newSoloOf(quiet(name), p) }

func newSoloOf(c legion.Config, p legion.Pool) *solo {
	s := &solo{d: legion.New(c)}
	p.Sandbox = box()
	w := legion.NewWorkers(s.d, "pool", boot, p)
	s.do = legion.Handle(w, "do", (*tool).do)
	s.inner = legion.Handle(w, "inner", func(_ *tool, ctx context.Context, x deed) (string, error) { return s.within(ctx, x) })
	s.spare = legion.Worker(s.d, "spare", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Max: 1, Spawn: legion.Lazy})
	return s
}

func (s *solo) start(t testing.TB) *solo {
	t.Helper()
	legiontest.Start(t, s.d)
	return s
}

// must calls a function that is to work.
func (s *solo) must(t testing.TB, x deed) string {
	t.Helper()
	out, err := s.do.Call(t.Context(), x)
	if err != nil {
		t.Fatalf("%s: %v", x.What, err)
	}
	return out
}

// workers returns those of the pool in the given state; "" is every state.
func (s *solo) workers(state string) (found []status.WorkerStats) {
	for _, w := range s.do.Pool().Stats().Workers {
		if state == "" || w.State == state {
			found = append(found, w)
		}
	}
	return found
}

// running starts a call and returns once its function runs.
func (s *solo) running(t testing.TB, x deed) *legion.Future[string] {
	t.Helper()
	x.Path = t.TempDir() + "/runs"
	fut := s.do.Go(t.Context(), x)
	await(t, func() bool { _, err := os.Stat(x.Path); return err == nil })
	return fut
}

// bootKey names the environment variable that says how a worker of solo starts.
const bootKey = "LEGION_TEST_BOOT"

func boot(context.Context) (*tool, error) {
	switch os.Getenv(bootKey) {
	case "error":
		return nil, errors.New("no model file")
	case "panic":
		panic("cannot boot")
	case "exit":
		fmt.Fprintln(os.Stderr, "about to leave")
		os.Exit(9)
	case "hang":
		hangAtBoot()
	}
	return &tool{}, nil
}

func hangAtBoot() { time.Sleep(time.Hour) }

// more is what a worker of these tests can do besides.
func (w *tool) more(ctx context.Context, x deed) (string, error) {
	switch x.What {
	case "mark": // says that it runs, and waits
		if err := os.WriteFile(x.Path, nil, 0o600); err != nil {
			return "", err
		}
		return w.do(ctx, deed{What: "wait", For: x.For})
	case "mark obstinately": // the same, and does not obey
		if err := os.WriteFile(x.Path, nil, 0o600); err != nil {
			return "", err
		}
		time.Sleep(x.For)
		return "slept", nil
	case "ask": // asks the daemon
		return askAt(ctx, x.Path), nil
	case "ask by child": // the same in a child; Size is 1 for one in a session of its own, without this one's environment
		return askByChild(ctx, x.Path, x.Size != 0)
	case "note": // writes down that call number Size was executed
		if x.For > 0 {
			time.Sleep(x.For)
		}
		return "", note(x.Path, x.Size)
	case "note and die":
		if err := note(x.Path, x.Size); err != nil {
			return "", err
		}
		return w.do(ctx, deed{What: "SIGKILL"})
	case "note and die once":
		_, err := os.Stat(x.Path)
		if err != nil {
			return w.more(ctx, deed{What: "note and die", Path: x.Path, Size: x.Size})
		}
		return "survived", note(x.Path, x.Size)
	case "note large": // and answers with a megabyte
		return string(make([]byte, 1<<20)), note(x.Path, x.Size)
	case "meet": // returns when Size calls have come together in one process
		return meet(ctx, x.Size)
	case "grandchild": // of the worker's group
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			return "", err
		}
		return fmt.Sprint(os.Getpid(), cmd.Process.Pid), nil
	case "flood": // Size bytes on stdout, in long lines, and a good number of short ones
		long, short := []byte(strings.Repeat("x", 1<<20)), []byte("a short line\n")
		for n := 0; n < x.Size; n += len(long) {
			if _, err := os.Stdout.Write(long); err != nil {
				return "", err
			}
			for range 100 {
				if _, err := os.Stdout.Write(short); err != nil {
					return "", err
				}
			}
		}
		return "", nil
	case "log flood": // Size records
		for n := range x.Size {
			legion.Logger(ctx).Warn("a record", "n", n)
		}
		return "", nil
	case "burn on": // after the call too
		for range 2 {
			go func() {
				for n := 0; ; {
					n++
				}
			}()
		}
		return "", nil
	case "write": // Size bytes
		return "", os.WriteFile(x.Path, make([]byte, x.Size), 0o600)
	case "args":
		return strings.Join(os.Args, "\n"), nil
	case "env":
		env := os.Environ()
		slices.Sort(env)
		return strings.Join(env, "\n"), nil
	case "grandchild's env":
		out, err := exec.Command("env").Output()
		return string(out), err
	case "open files":
		names, _ := filepath.Glob("/proc/self/fd/*")
		for i, name := range names {
			names[i], _ = os.Readlink(name)
		}
		return strings.Join(names, "\n"), nil
	case "limits":
		nice, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		var files syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
		return fmt.Sprintf("procs %d, nice %d, files %d", runtime.GOMAXPROCS(0), 20-nice, files.Cur), nil
	}
	return "", nil
}

// noted are the files that this worker has written to.
var noted sync.Map

// note appends a line to a file, whole or not at all.
func note(path string, n int) error {
	f, known := noted.Load(path)
	if !known {
		opened, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		f, _ = noted.LoadOrStore(path, opened)
	}
	_, err := fmt.Fprintln(f.(*os.File), n)
	return err
}

// notes counts how often each call was executed.
func notes(t testing.TB, path string) map[int]int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	ran := map[int]int{}
	for line := range strings.Lines(string(b)) {
		var n int
		if _, err := fmt.Sscanln(line, &n); err != nil {
			t.Fatalf("a torn note %q: %v", line, err)
		}
		ran[n]++
	}
	return ran
}

var (
	met     atomic.Int64
	meeting = make(chan struct{})
	open    sync.Once
)

func meet(ctx context.Context, n int) (string, error) {
	if met.Add(1) == int64(n) {
		open.Do(func() { close(meeting) })
	}
	select {
	case <-meeting:
		return "met", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
