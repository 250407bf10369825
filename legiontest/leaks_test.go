package legiontest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A running daemon is a leak of every kind.
func TestLeakCheckSeesLeaks(t *testing.T) {
	var found fakeT
	legiontest.CheckLeaksWithin(&found, 0)
	d, _ := newRacy(legion.Pool{})
	legiontest.Start(t, d)
	found.cleanup()
	for _, what := range []string{"goroutine", "descriptor", "child process", "shared memory"} {
		if !strings.Contains(found.said, what) {
			t.Errorf("a running daemon is no leak: %q is missing in %s", what, found.said)
		}
	}
}

// fakeT records what CheckLeaks says.
type fakeT struct {
	testing.TB
	cleanup func()
	said    string
}

func (f *fakeT) Helper()                           {}
func (f *fakeT) Cleanup(fn func())                 { f.cleanup = fn }
func (f *fakeT) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }
