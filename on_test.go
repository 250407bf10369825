package legion_test

import (
	"context"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Handlers may ask to be called once, or less often.
func TestOnOptions(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("solo"))
	counts := map[string]int{} // of the loop
	count := func(name string, options ...legion.OnOption) {
		legion.On(d, func(context.Context, int) error { counts[name]++; return nil }, options...)
	}
	count("always")
	count("once", legion.Once())
	count("throttled", legion.Throttle(time.Hour))
	count("both", legion.Throttle(time.Hour), legion.Once(), legion.Priority(1))
	legiontest.Start(t, d)
	for i := range 3 {
		if err := legion.Emit(t.Context(), d, i); err != nil {
			t.Error(err)
		}
	}
	stop(t, d)
	for name, want := range map[string]int{"always": 3, "once": 1, "throttled": 1, "both": 1} {
		if counts[name] != want {
			t.Errorf("%s: %d calls, want %d", name, counts[name], want)
		}
	}
}
