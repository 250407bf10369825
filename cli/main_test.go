package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/leash"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/lock"
	"github.com/legion-go/legion/metrics"
	"github.com/legion-go/legion/systemd"
)

// programKey is set in the environment of a test binary that plays a daemon's
// program. It stays there: the processes that the program starts are it too.
const programKey = "LEGION_CLI_TEST_PROGRAM"

func TestMain(m *testing.M) {
	// Else each process of a race build lingers for a second, and a worker's race
	// goes unseen.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0 halt_on_error=1")
	if os.Getenv(programKey) != "" {
		leash.Wear()
	}
	switch os.Getenv(programKey) {
	case "thumbs":
		proc.PrepareTests()
		proc.OnRace(func(_, child string, e proc.Exit) {
			fmt.Fprintf(os.Stderr, "worker process %d (%s): %s\n", e.PID, child, e.Stack)
			os.Exit(e.Code)
		})
		thumbs()
	case "configured":
		proc.PrepareTests()
		configured()
	case "sites", "sites-embedded":
		proc.PrepareTests()
		sitesMain(os.Getenv(programKey))
	case "tool":
		Tool{Name: "legion", Short: "controls daemons"}.Main()
	}
	release, err := leash.Hold()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = flag.Set("test.parallel", "8") // tests that run in parallel wait for processes
	code := m.Run()
	release()
	os.Exit(code)
}

// thumbs is a daemon with a part of each kind.
func thumbs() {
	fs := flag.NewFlagSet("thumbs", flag.ContinueOnError)
	folder := fs.String("folder", ".", "the `folder` to watch")
	common := Flags(fs)
	if err := fs.Parse(os.Args[1:]); err != nil {
		os.Exit(ExitUsage)
	}
	d := legion.New(legion.Config{Name: "thumbs", Description: "makes thumbnails.", RuntimeDir: os.Getenv("THUMBS_DIR"), StopTimeout: 5 * time.Second})
	legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Max: 2})
	d.Use(&metrics.Endpoint{})
	legion.Share(d, "model", func(context.Context) ([]byte, error) { return []byte("a model"), nil })
	legion.Worker(d, "wait", func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, legion.Pool{})
	legion.Task(d, "fail", func(context.Context, string) (string, error) { return "", errors.New("it fails") }, legion.TaskOptions{})
	legion.StreamWorker(d, "count", func(_ context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
		}
	}, legion.Pool{})
	ticks := 0
	d.Every(time.Hour, func(context.Context) error { ticks++; return nil })
	d.Use(systemd.New(systemd.Options{}))
	if os.Getenv("THUMBS_LOCK") != "" {
		d.Use(lock.File(""))
	}
	if os.Getenv("THUMBS_FAILS") != "" {
		d.Init(func(context.Context) error { return errors.New("it cannot start") })
	}
	Main(d, common, Command{
		Name: "folder", Args: "[FILE…]", Short: "say which folder is watched",
		Run: func(_ context.Context, in *Invocation) error {
			fmt.Fprintln(in.Stdout, *folder, in.Args)
			return nil
		},
	})
}
