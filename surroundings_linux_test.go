package legion_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A worker has the daemon's arguments and environment, and nothing of Legion's
// in them; neither have those that it starts.
func TestSurroundings(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv("GOMAXPROCS", "7") // which is not what the worker's is set to
	t.Setenv("SOMETHING", "with a\ttab and = in it")
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	if got, want := s.must(t, deed{What: "args"}), strings.Join(os.Args, "\n"); got != want {
		t.Errorf("arguments: %q, want %q", got, want)
	}
	env := os.Environ()
	slices.Sort(env)
	if got, want := s.must(t, deed{What: "env"}), strings.Join(env, "\n"); got != want {
		t.Errorf("environment: %q\nwant %q", got, want)
	}
	if got := s.must(t, deed{What: "grandchild's env"}); strings.Contains(got, "_LEGION") || !strings.Contains(got, "GOMAXPROCS=7\n") {
		t.Errorf("a grandchild's environment: %q", got)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		pool legion.Pool
		want string
	}{
		{legion.Pool{Procs: 2, Nice: 5, Files: 64}, "procs 2, nice 5, files 64"},
		{legion.Pool{Files: 100}, "procs 1, nice 0, files 100"},
	} {
		c.pool.Max = 1
		s := newSolo("solo", c.pool).start(t)
		if got := s.must(t, deed{What: "limits"}); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
