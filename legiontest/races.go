package legiontest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/proc"
)

// race is a data race that the race detector found in a worker process.
type race struct{ daemon, text string }

// races are those that have not failed a test yet.
var races struct {
	sync.Mutex
	found []race
}

// watchRaces makes worker processes of a test binary built with -race end at
// their first data race, and collects the reports. Without it the detector
// would only print them, in a process whose exit code no test looks at. Options
// that GORACE has already stay as they are.
func watchRaces() {
	options := os.Getenv("GORACE")
	for _, option := range []string{
		"halt_on_error=1",
		// Otherwise a process sleeps for a second before it exits, and a leaving worker
		// would seem to hang.
		"atexit_sleep_ms=0",
	} {
		name, _, _ := strings.Cut(option, "=")
		if !strings.Contains(options, name+"=") {
			options = strings.TrimSpace(options + " " + option)
		}
	}
	_ = os.Setenv("GORACE", options) // this process has read it already; its children read it
	proc.OnRace(func(daemon, child string, e proc.Exit) {
		races.Lock()
		defer races.Unlock()
		races.found = append(races.found, race{daemon, fmt.Sprintf("worker process %d (%s): %s", e.PID, child, e.Stack)})
	})
}

// takeRaces returns the races of the daemon's workers, of all if it is "", and
// forgets them.
func takeRaces(daemon string) (texts []string) {
	races.Lock()
	defer races.Unlock()
	races.found = slices.DeleteFunc(races.found, func(r race) bool {
		mine := daemon == "" || r.daemon == daemon
		if mine {
			texts = append(texts, r.text)
		}
		return mine
	})
	return texts
}

// failRaces fails the test for each race in a worker of the daemon.
func failRaces(t testing.TB, daemon string) {
	t.Helper()
	for _, text := range takeRaces(daemon) {
		t.Error(text)
	}
}
