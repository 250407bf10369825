package legion_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Only a pool that says that its functions are idempotent runs a call again
// whose worker has died.
func TestRetry(t *testing.T) {
	legiontest.CheckLeaks(t)
	for _, c := range []struct {
		what  string
		retry int
		ran   int
		ends  error
	}{
		{"note and die", 0, 1, legion.ErrCrashed},
		{"note and die", 2, 3, legion.ErrPoisoned},
		{"note and die once", 0, 1, legion.ErrCrashed},
		{"note and die once", 2, 2, nil},
	} {
		s := newSolo("solo", legion.Pool{Max: 2, Retry: c.retry}).start(t)
		path := filepath.Join(t.TempDir(), "runs")
		_, err := s.do.Call(t.Context(), deed{What: c.what, Path: path, Size: 1})
		if !errors.Is(err, c.ends) || c.ends == nil && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && !errors.Is(err, legion.ErrCrashed) {
			t.Errorf("%+v: %v is not ErrCrashed", c, err)
		}
		if errors.Is(err, legion.ErrPoisoned) != (c.ends == legion.ErrPoisoned) {
			t.Errorf("%+v: %v", c, err)
		}
		if ran := notes(t, path)[1]; ran != c.ran {
			t.Errorf("%+v: it was executed %d times", c, ran)
		}
		if n := s.do.Pool().Stats().Retried; int(n) != c.ran-1 {
			t.Errorf("%+v: %d tries more in the statistics", c, n)
		}
		s.must(t, deed{})
	}
}
