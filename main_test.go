package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/leash"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/legiontest"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(programKey); name != "" {
		main, ok := programs[name]
		if !ok { // the tests would start themselves again and again
			fmt.Fprintf(os.Stderr, "there is no test program %q\n", name)
			os.Exit(2)
		}
		proc.PrepareTests()
		proc.OnRace(raced)
		leash.Wear()
		main()
		os.Exit(0)
	}
	legiontest.Main(m, append([]func() *legion.Daemon{
		func() *legion.Daemon { return newKit(legion.Pool{}).d },
		func() *legion.Daemon { return newTwins().d },
		func() *legion.Daemon { return newLender(legion.Pool{}).d },
		func() *legion.Daemon { return newShelf(legion.Pool{}).d },
		func() *legion.Daemon { return newFlow(legion.Pool{}).d },
		func() *legion.Daemon { return newReaders(legion.Pool{}, words(""), index).d },
		func() *legion.Daemon { return newTasks(legion.TaskOptions{}).d },
		func() *legion.Daemon { return newLooping(legion.Pool{}).d },
		func() *legion.Daemon { return newTeller(legion.Pool{}).d },
		func() *legion.Daemon { return declareDecoder().Daemon },
		func() *legion.Daemon { d, _ := newGreeted(); return d },
		func() *legion.Daemon { return newSolo("solo", legion.Pool{}).d },
		func() *legion.Daemon { return new(controlled).declare(quiet("controlled")).d },
		func() *legion.Daemon { return newPatients(legion.Pool{}).d },
		func() *legion.Daemon { return newSolo("crowd", legion.Pool{Concurrency: 8}).d },
	}, unlike...)...)
}

// raced ends a program with the exit code of a data race if one of its workers
// had one: the test sees no more of it.
func raced(_, child string, e proc.Exit) {
	fmt.Fprintf(os.Stderr, "worker process %d (%s): %s\n", e.PID, child, e.Stack)
	os.Exit(e.Code)
}

// quiet is the configuration of the daemons in these tests.
func quiet(name string) legion.Config {
	return legion.Config{Name: name, Control: "none", PID: legion.PIDMayChange, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), StopTimeout: 30 * time.Second}
}

// boxKey is set in a run of the tests whose daemons seal their workers: see
// TestGuaranteesHoldSealed.
const boxKey = "LEGION_TEST_BOX"

// box is the sandbox of the daemons in these tests: none, or one in which
// functions may only write into the folder of temporary files.
func box() *legion.Sandbox {
	if os.Getenv(boxKey) == "" {
		return nil
	}
	return &legion.Sandbox{Write: []string{os.TempDir()}, FileSize: 64 << 20}
}

// kit is a daemon with functions for every purpose. Its worker processes
// declare it with an empty Pool: limits that matter are set by the daemon,
// those that a worker must know come with its declaration.
type kit struct {
	d      *legion.Daemon
	echo   *legion.Func[[]byte, []byte]
	do     *legion.Func[deed, string]
	record *legion.Func[record, record]
	count  *legion.Stream[int, int]
	task   *legion.Func[deed, string]
	spare  *legion.Func[string, string] // a pool of its own
}

// deed is something that a worker shall do.
type deed struct {
	What    string
	For     time.Duration
	Path    string
	Size    int
	Ballast []byte
}

type record struct {
	ID     int64
	Name   string
	Labels map[string]string
	At     time.Time
	Items  []struct {
		Name  string
		Price float64
	}
	Next *record
}

var errSentinel = errors.New("a sentinel")

func init() { legion.RegisterError("test.sentinel", errSentinel) }

func newKit(p legion.Pool) *kit {
	d := legion.New(quiet("kit"))
	k := &kit{d: d}
	p.Sandbox = box()
	w := legion.NewWorkers(d, "main", func(context.Context) (*tool, error) { return &tool{}, nil }, p)
	k.echo = legion.Handle(w, "echo", func(_ *tool, _ context.Context, b []byte) ([]byte, error) { return b, nil })
	k.do = legion.Handle(w, "do", (*tool).do)
	k.record = legion.Handle(w, "record", func(_ *tool, _ context.Context, r record) (record, error) { return r, nil })
	k.count = legion.StreamWorker(d, "count", count, legion.Pool{Max: 1, Spawn: legion.Lazy, OnEnd: p.OnEnd, Sandbox: box()})
	k.task = legion.Task(d, "task", func(ctx context.Context, x deed) (string, error) { return new(tool).do(ctx, x) }, legion.TaskOptions{MaxRunning: 2, Sandbox: box()})
	k.spare = legion.Worker(d, "spare", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Max: 1, Sandbox: box()})
	return k
}

func (k *kit) start(t testing.TB) *kit {
	t.Helper()
	legiontest.Start(t, k.d)
	return k
}

// tool is what each worker works with.
type tool struct {
	leak  [][]byte
	depth int
}

func (w *tool) do(ctx context.Context, x deed) (string, error) {
	switch x.What {
	case "pid":
		return fmt.Sprint(os.Getpid()), nil
	case "error":
		return "", errors.New("it did not work")
	case "sentinel":
		return "", fmt.Errorf("deep inside: %w", errSentinel)
	case "panic":
		panic("oh no")
	case "nil map":
		var m map[string]int
		//lint:ignore SA5000 this is what it is for
		m["x"] = 1
	case "goexit":
		w.goexit()
	case "exit":
		os.Exit(7)
	case "SIGKILL":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "segfault":
		*(*int)(unsafe.Add(unsafe.Pointer(w), 1<<46)) = 1
	case "stack":
		debug.SetMaxStack(1 << 20)
		w.depth = overflow(0)
	case "map":
		concurrentMapWrites()
	case "memory":
		for {
			w.leak = append(w.leak, make([]byte, 1<<20))
			for i := 0; i < 1<<20; i += 4096 {
				w.leak[len(w.leak)-1][i] = 1
			}
		}
	case "keep":
		b := make([]byte, x.Size)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		w.leak = append(w.leak, b)
		return fmt.Sprint(os.Getpid()), nil
	case "loop":
		if x.Path != "" {
			_ = os.WriteFile(x.Path, nil, 0o600)
		}
		for n := 0; ; n++ { // nothing here calls anything
		}
	case "sleep":
		time.Sleep(x.For)
		return "slept", nil
	case "wait":
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(x.For):
			return "waited", nil
		}
	case "obstinate":
		if err := os.WriteFile(x.Path, []byte("x"), 0o600); err != nil {
			return "", err
		}
		<-ctx.Done()
		return "done all the same", nil
	case "deadline":
		at, ok := ctx.Deadline()
		return fmt.Sprint(ok, time.Until(at).Round(time.Minute)), nil
	case "append": // a trace of every execution
		f, err := os.OpenFile(x.Path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return "", err
		}
		defer f.Close()
		_, err = f.WriteString("x")
		time.Sleep(x.For)
		return "", err
	case "large":
		return string(make([]byte, x.Size)), nil
	case "log":
		legion.Logger(ctx).Warn("from inside", "size", x.Size, slog.Group("g", "path", x.Path))
		return "", nil
	case "long log":
		legion.Logger(ctx).Warn("begins"+strings.Repeat(".", x.Size), "ends", true)
		return "", nil
	case "print":
		fmt.Println("on stdout")
		fmt.Fprintln(os.Stderr, "on stderr")
		return "", nil
	default:
		return w.more(ctx, x)
	}
	return "", nil
}

func (w *tool) goexit() {
	var t testing.T
	t.FailNow()
}

func overflow(n int) int {
	if n < 0 { // cannot happen
		return n
	}
	return overflow(n+1) + 1
}

func concurrentMapWrites() {
	m := map[int]int{}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for {
				m[i]++
			}
		})
	}
	all.Wait()
}

func count(ctx context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if n < 0 {
			yield(0, fmt.Errorf("cannot count to %d: %w", n, errSentinel))
		}
	}
}

// twins is a daemon whose two pools live side by side.
type twins struct {
	d    *legion.Daemon
	a, b *legion.Func[deed, string]
}

func newTwins() *twins {
	d := legion.New(quiet("twins"))
	do := func(ctx context.Context, x deed) (string, error) { return new(tool).do(ctx, x) }
	return &twins{
		d: d,
		a: legion.Worker(d, "a", do, legion.Pool{Max: 2, KillGrace: 50 * time.Millisecond, MemoryLimit: 128 << 20, Sandbox: box()}),
		b: legion.Worker(d, "b", do, legion.Pool{Max: 1, Sandbox: box()}),
	}
}

// expiring returns a context whose deadline passes when expire is called: a
// test need not guess how long what comes before takes.
func expiring(parent context.Context) (_ context.Context, expire func()) {
	c := &expiringContext{Context: parent, done: make(chan struct{})}
	return c, sync.OnceFunc(func() { close(c.done) })
}

type expiringContext struct {
	context.Context
	done chan struct{}
}

func (c *expiringContext) Done() <-chan struct{} { return c.done }

func (c *expiringContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// await waits for something that another process does.
func await(t testing.TB, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
