//go:build race

package legiontest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// witness is a test that records why it fails.
type witness struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (w *witness) Helper()          {}
func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }
func (w *witness) Error(args ...any) {
	w.failures = append(w.failures, fmt.Sprint(args...))
}

// A data race in the code of a worker fails the test that started the daemon,
// whether the test looks at the result of the call or not, because the worker
// went on after the race; sealed or not.
func TestRaceInWorkerFailsTheTest(t *testing.T) {
	for _, c := range []struct {
		name, options string
		pool          legion.Pool
	}{
		{"halting", "", legion.Pool{}},
		{"going on", "halt_on_error=0 atexit_sleep_ms=0", legion.Pool{}},
		{"sealed", "", legion.Pool{Sandbox: &legion.Sandbox{BestEffort: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.options != "" {
				t.Setenv("GORACE", c.options)
			}
			halts := c.options == ""
			legiontest.CheckLeaks(t)
			w := &witness{TB: t}
			d, add := newRacy(c.pool)
			legiontest.Start(w, d)
			_, err := add.Call(t.Context(), 100)
			var died *legion.WorkerError
			if errors.As(err, &died) != halts || halts && (died.ExitCode != 66 || !strings.Contains(died.Stack, "raceOnce")) {
				t.Errorf("the call: %v", err)
			}
			for _, f := range w.cleanups {
				f()
			}
			if len(w.failures) != 1 || !strings.Contains(w.failures[0], "WARNING: DATA RACE") || !strings.Contains(w.failures[0], "raceOnce") {
				t.Errorf("the test was failed for %q", w.failures)
			}
		})
	}
}
