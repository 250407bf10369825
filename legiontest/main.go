package legiontest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/leash"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/reuse"
)

// Main is for TestMain. In the test process it runs the tests, with a runtime
// folder of their own ($XDG_RUNTIME_DIR), and exits with their result; a data
// race in a worker process fails the run if it has not failed a test. In a
// worker process, which is the test binary too, it serves the daemon among
// those given that the worker belongs to; each function declares one and
// returns it, and is called in worker processes only. It never returns.
func Main(m *testing.M, daemons ...func() *legion.Daemon) {
	self := proc.Self()
	if self == nil {
		proc.PrepareTests()
		watchRaces()
		os.Exit(run(m))
	}
	var names []string
	for _, declare := range daemons {
		d := declare()
		if d.Name() == self.Purpose.Daemon {
			_ = d.Run(context.Background()) // never returns in a worker
		}
		names = append(names, d.Name())
	}
	fmt.Fprintf(os.Stderr, "legiontest: this is a worker of daemon %q, but Main was given %q: add the function that declares it\n", self.Purpose.Daemon, names)
	os.Exit(1)
}

// run runs the tests with a runtime folder of their own: their sockets and
// locks are apart from those of daemons on this machine.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "legiontest")
	if err != nil {
		fmt.Fprintln(os.Stderr, "legiontest:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	release, err := leash.Hold()
	if err != nil {
		fmt.Fprintln(os.Stderr, "legiontest:", err)
		return 1
	}
	defer release()
	_ = os.Unsetenv("RUNTIME_DIRECTORY")
	_ = os.Setenv("XDG_RUNTIME_DIR", dir)
	_ = os.Setenv(reuse.SpoilVariable, "1")
	code := m.Run()
	for _, text := range takeRaces("") { // of daemons that were not started with Start
		fmt.Fprintln(os.Stderr, "legiontest:", text)
		code = max(code, 1)
	}
	return code
}

// Start starts d, and stops it when the test ends. It fails the test if either
// goes wrong, or if the race detector finds a data race in a worker process.
func Start(t testing.TB, d *legion.Daemon) {
	t.Helper()
	if err := d.Start(t.Context()); err != nil {
		failRaces(t, d.Name())
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		failRaces(t, d.Name())
	})
}
