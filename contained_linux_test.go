package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

func init() {
	unlike = append(unlike, func() *legion.Daemon { return newContained(legion.Pool{}).d })
}

// contained is a daemon whose functions try what a sandbox may not allow.
type contained struct {
	d    *legion.Daemon
	pool *legion.Workers[keeper]
	do   *legion.Func[deed, string]
	task *legion.Func[deed, string]
}

// keeper is what a worker of contained has from its setup.
type keeper struct {
	tool
	model string   // what the setup has read
	open  *os.File // what it has left open
}

// setupKey names a file that the setup reads, and leaves open.
const setupKey = "LEGION_TEST_SETUP"

func newContained(p legion.Pool) *contained { return newContainedOf(quiet("contained"), p) }

func newContainedOf(conf legion.Config, p legion.Pool) *contained {
	c := &contained{d: legion.New(conf)}
	c.pool = legion.NewWorkers(c.d, "boxed", func(context.Context) (*keeper, error) {
		k := new(keeper)
		path := os.Getenv(setupKey)
		if path == "" {
			return k, nil
		}
		b, err := os.ReadFile(path)
		if err == nil {
			k.model = string(b)
			k.open, err = os.Open(path)
		}
		return k, err
	}, p)
	c.do = legion.Handle(c.pool, "try", (*keeper).try)
	c.task = legion.Task(c.d, "task", func(ctx context.Context, x deed) (string, error) { return new(keeper).try(ctx, x) },
		legion.TaskOptions{Sandbox: p.Sandbox})
	return c
}

func (k *keeper) try(ctx context.Context, x deed) (string, error) {
	switch x.What {
	case "read":
		b, err := os.ReadFile(x.Path)
		return string(b), err
	case "write":
		return "", os.WriteFile(x.Path, make([]byte, x.Size), 0o600)
	case "dial":
		conn, err := net.Dial("tcp", x.Path)
		if err == nil {
			conn.Close()
		}
		return "", err
	case "run":
		out, err := exec.Command(x.Path).Output()
		return string(out), err
	case "model":
		b := make([]byte, 5)
		if _, err := k.open.ReadAt(b, 0); err != nil {
			return "", err
		}
		return k.model + string(b), nil
	case "environment":
		return os.Getenv(x.Path), nil
	}
	return k.do(ctx, x)
}

// Close shows that the end of a worker is sealed, too.
func (k *keeper) Close() error {
	if path := os.Getenv("LEGION_TEST_CLOSE"); path != "" {
		return os.WriteFile(path, nil, 0o600)
	}
	return nil
}

// What a locked function is refused is an error that says which field would
// allow it, and that still is what it was when it has travelled. The worker
// lives on.
func TestLocked(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv("SECRET", "xyzzy")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newContained(legion.Pool{Max: 1, Sandbox: legion.Locked()})
	legiontest.Start(t, c.d)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*legion.Func[deed, string]{c.do, c.task} {
		for _, try := range []struct {
			deed
			hint string
		}{
			{deed{What: "read", Path: file}, "(the sandbox of pool %s does not name " + file + " (Sandbox.Read, Write))"},
			{deed{What: "write", Path: file}, "does not name " + file},
			{deed{What: "dial", Path: l.Addr().String()}, "(the sandbox of pool %s allows no network (Sandbox.Network))"},
			{deed{What: "run", Path: "/bin/true"}, "Sandbox."},
		} {
			_, err := f.Call(t.Context(), try.deed)
			want := strings.Replace(try.hint, "%s", f.Pool().Name(), 1)
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s in %s: %v, not %q", try.What, f.Pool().Name(), err, want)
			}
		}
		if out, err := f.Call(t.Context(), deed{What: "environment", Path: "SECRET"}); out != "" || err != nil {
			t.Errorf("the environment: %q, %v", out, err)
		}
	}
	first, _ := c.do.Call(t.Context(), deed{What: "pid"})
	if s := c.pool.Stats(); s.Started != 1 || s.Restarts != 0 || s.Forbidden != 0 || fmt.Sprint(s.Workers[0].PID) != first || !s.Workers[0].Sealed ||
		len(s.Sandbox.Held) == 0 || len(s.Sandbox.Missing) != 0 {
		t.Errorf("%+v %+v", s, s.Sandbox)
	}
}

// With Strict, a forbidden call ends its worker; the caller learns which call
// it was, of which function, and the daemon by an event.
func TestForbidden(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newContained(legion.Pool{Max: 1, Retry: 3, Sandbox: &legion.Sandbox{Strict: true}})
	told, started := make(chan event.Forbidden, 1), make(chan event.WorkerStarted, 8)
	legion.On(c.d, func(_ context.Context, e event.Forbidden) error { told <- e; return nil })
	legion.On(c.d, func(_ context.Context, e event.WorkerStarted) error { started <- e; return nil })
	legiontest.Start(t, c.d)
	if e := <-started; e.Sealed <= 0 || e.Sealed >= e.Took {
		t.Errorf("sealed in %v of %v", e.Sealed, e.Took)
	}
	_, err := c.do.Call(t.Context(), deed{What: "dial", Path: "127.0.0.1:1"})
	var e *legion.WorkerError
	if !errors.Is(err, legion.ErrForbidden) || !errors.Is(err, legion.ErrCrashed) || !errors.As(err, &e) || e.Forbidden == nil {
		t.Fatalf("%v", err)
	}
	want := fmt.Sprintf("legion: try: forbidden: pid %d called socket(AF_INET, SOCK_STREAM), which Sandbox.Network does not allow: it was in ", e.PID)
	if got := err.Error(); !strings.HasPrefix(got, want) || !strings.Contains(got, "(contained_linux_test.go:") {
		t.Errorf("%s", got)
	}
	if e.Forbidden.Call != "socket" || e.Forbidden.Rule != "Network" || !strings.Contains(e.Stack, "keeper).try") {
		t.Errorf("%+v\n%s", e.Forbidden, e.Stack)
	}
	if got := <-told; got.Pool != "boxed" || got.PID != e.PID || got.Call != "socket" || got.Args != e.Forbidden.Args || got.Rule != "Network" || got.Where != e.Forbidden.Where || got.Stack != e.Stack {
		t.Errorf("%+v", got)
	}
	if s := c.pool.Stats(); s.Forbidden != 1 || s.Crashed != 1 || s.Retried != 0 {
		t.Errorf("%+v", s)
	}
	if _, err := c.do.Call(t.Context(), deed{What: "pid"}); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// What setup has opened stays open, and cannot be opened again.
func TestSetupThenSeal(t *testing.T) {
	legiontest.CheckLeaks(t)
	model := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(model, []byte("model"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv(setupKey, model)
	c := newContained(legion.Pool{Max: 1, Sandbox: &legion.Sandbox{Setup: []string{model}}})
	err := c.d.Start(t.Context())
	if err != nil && strings.Contains(err.Error(), "cgo") { // the other half of the promise: Start says so
		t.Log(err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.d.Stop(context.Background())
	if out, err := c.do.Call(t.Context(), deed{What: "model"}); out != "modelmodel" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := c.do.Call(t.Context(), deed{What: "read", Path: model}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it is open to functions: %v", err)
	}
}

// A setup that reads what it may not is the error of Start, with the field.
func TestSetupOutsideTheSandbox(t *testing.T) {
	legiontest.CheckLeaks(t)
	model := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(model, []byte("model"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv(setupKey, model)
	err := newContained(legion.Pool{Sandbox: legion.Locked()}).d.Start(t.Context())
	if want := "model: permission denied (the sandbox of pool boxed does not name " + model + " for the setup (Sandbox.Setup, Read or Write))"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}

// Deadlines, stacks and recycling are the same in a sandbox.
func TestDeadlineInASandbox(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newContained(legion.Pool{Max: 1, KillGrace: 20 * time.Millisecond, Sandbox: legion.Locked()})
	legiontest.Start(t, c.d)
	for patience := 100 * time.Millisecond; ; patience *= 2 { // until the function has begun by then
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := c.do.Call(ctx, deed{What: "loop"})
		cancel()
		var e *legion.WorkerError
		if !errors.Is(err, legion.ErrTimeout) {
			t.Fatal(err)
		}
		if errors.As(err, &e) && e.KilledBy == "deadline" && strings.Contains(e.Stack, "keeper).try") {
			break
		}
		if patience > 10*time.Second {
			t.Fatalf("%v, without the stack of the function", err)
		}
	}
	if !reflect.DeepEqual(c.pool.Stats().Sandbox.Missing, []string{}) {
		t.Errorf("%+v", c.pool.Stats().Sandbox)
	}
}

// The end of a worker, by its Close, is sealed too.
func TestCloseIsSealed(t *testing.T) {
	legiontest.CheckLeaks(t)
	file := filepath.Join(t.TempDir(), "closed")
	t.Setenv("LEGION_TEST_CLOSE", file)
	for _, box := range []*legion.Sandbox{nil, legion.Locked()} {
		c := newContained(legion.Pool{Max: 1, Sandbox: box})
		if err := c.d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); (err == nil) != (box == nil) {
			t.Errorf("with the sandbox %v: %v", box, err)
		}
		_ = os.Remove(file)
	}
}

// So is a worker's own loop.
func TestLoopIsSealed(t *testing.T) {
	legiontest.CheckLeaks(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LEGION_TEST_READ", file)
	d := newReadingLoop(&legion.Sandbox{Env: []string{"LEGION_TEST_READ"}})
	failed := make(chan string, 1)
	legion.On(d, func(_ context.Context, e event.Failure) error {
		select {
		case failed <- e.Err.Error():
		default:
		}
		return legion.StopPropagation
	})
	legiontest.Start(t, d)
	if got := <-failed; !strings.Contains(got, "the sandbox of pool loop does not name "+file) {
		t.Errorf("%s", got)
	}
}

func init() { unlike = append(unlike, func() *legion.Daemon { return newReadingLoop(nil) }) }

func newReadingLoop(box *legion.Sandbox) *legion.Daemon {
	d := legion.New(quiet("readingloop"))
	legion.NewWorkers(d, "loop", func(context.Context) (*reading, error) { return new(reading), nil }, legion.Pool{LoopEvery: time.Millisecond, Sandbox: box})
	return d
}

type reading struct{}

func (*reading) Loop(context.Context) error {
	_, err := os.ReadFile(os.Getenv("LEGION_TEST_READ"))
	return err
}

// A folder that the sandbox names, and that is not there, is the error of
// Start.
func TestSandboxOfWhatIsNotThere(t *testing.T) {
	legiontest.CheckLeaks(t)
	err := newContained(legion.Pool{Sandbox: &legion.Sandbox{Read: []string{"/no/such/folder"}}}).d.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Errorf("%v", err)
	}
}
