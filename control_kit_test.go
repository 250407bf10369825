package legion_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
)

// controlled is a daemon with a control socket and a log that can be read.
type controlled struct {
	*solo
	job  *legion.Func[deed, string]
	t    testing.TB
	path string
	log  *testkit.Log
}

// newControlled declares one; more may be declared before it is started.
func newControlled(t testing.TB, change func(*legion.Config)) *controlled {
	c := &controlled{t: t, path: filepath.Join(t.TempDir(), "control.sock"), log: new(testkit.Log)}
	conf := legion.Config{
		Name: "controlled", Control: "unix://" + c.path, StopTimeout: 30 * time.Second,
		Logger: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&conf)
	}
	c.declare(conf)
	return c
}

// declare is what its workers do, too.
func (c *controlled) declare(conf legion.Config) *controlled {
	c.solo = newSoloOf(conf, legion.Pool{Min: 2, Max: 2, KillGrace: 100 * time.Millisecond})
	c.job = legion.Task(c.d, "job", func(ctx context.Context, x deed) (string, error) { return new(tool).do(ctx, x) }, legion.TaskOptions{KillGrace: 50 * time.Millisecond})
	legion.StreamWorker(c.d, "count", count, legion.Pool{Max: 1, Spawn: legion.Lazy})
	return c
}

func (c *controlled) start() *controlled {
	c.t.Helper()
	legiontest.Start(c.t, c.d)
	return c
}

// dial connects a client.
func (c *controlled) dial() *client.Client {
	c.t.Helper()
	return dial(c.t, c.path)
}

func dial(t testing.TB, address string) *client.Client {
	t.Helper()
	cl, err := client.Dial(t.Context(), address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	return cl
}

// ask calls a method that is to work.
func ask[Out any](t testing.TB, c *client.Client, method string, params any) (out Out) {
	t.Helper()
	if err := c.Call(t.Context(), method, params, &out); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return out
}

// refused calls a method that is not to work, and returns its error.
func refused(t testing.TB, c *client.Client, method string, params any, code int, says string) {
	t.Helper()
	err := c.Call(t.Context(), method, params, nil)
	var fault *client.Error
	if !errors.As(err, &fault) {
		t.Fatalf("%s %v: %v, not an error of the protocol", method, params, err)
	}
	if fault.Code != code || !strings.Contains(fault.Message, says) {
		t.Errorf("%s %v: %v; want code %d and %q", method, params, fault, code, says)
	}
}

type args map[string]any

// logLine is a record of the log as a client may want it.
type logLine struct {
	Message string         `json:"message"`
	Attrs   map[string]any `json:"attrs"`
}
