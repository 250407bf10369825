//go:build !race

// The race detector has memory of its own, and ends the process by itself when
// it gets no more, so memory limits are tested without it (make norace).

package legion_test

import (
	"errors"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A function that wants more than the limit costs its worker, and the caller is
// told that memory was the cause; the daemon and the other pool notice nothing.
func TestMemoryLimit(t *testing.T) {
	legiontest.CheckLeaks(t)
	tw := newTwins()
	legiontest.Start(t, tw.d)
	for range 3 {
		_, err := tw.a.Call(t.Context(), deed{What: "memory"})
		var e *legion.WorkerError
		if !errors.Is(err, legion.ErrOutOfMemory) || !errors.As(err, &e) || e.Usage.MaxRSS > 256<<20 {
			t.Fatalf("got %v\n%+v", err, e)
		}
		if _, err := tw.a.Call(t.Context(), deed{}); err != nil {
			t.Errorf("the next call: %v", err)
		}
		if _, err := tw.b.Call(t.Context(), deed{}); err != nil {
			t.Errorf("the other pool: %v", err)
		}
	}
}
