package legion_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// The pool's hooks are told of calls whose future has no callback of its own,
// and of no others.
func TestHooks(t *testing.T) {
	legiontest.CheckLeaks(t)
	type told struct {
		hook string
		end  legion.CallEnd
	}
	heard := make(chan told, 10)
	hook := func(name string) func(legion.CallEnd) {
		return func(e legion.CallEnd) { heard <- told{name, e} }
	}
	s := newSolo("solo", legion.Pool{Max: 1, KillGrace: 50 * time.Millisecond,
		OnReturn: hook("return"), OnDied: hook("died"), OnTimeout: hook("timeout")}).start(t)
	late := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 20*time.Millisecond)
	}
	for _, c := range []struct {
		what, hook string
		is         error
	}{
		{"pid", "return", nil},
		{"sentinel", "return", errSentinel},
		{"exit", "died", legion.ErrCrashed},
		{"wait", "timeout", legion.ErrTimeout},
	} {
		ctx, cancel := late()
		if c.hook != "timeout" {
			cancel()
			ctx = t.Context()
		}
		s.do.Go(ctx, deed{What: c.what, For: time.Hour})
		got := <-heard
		cancel()
		if got.hook != c.hook || got.end.Pool != "pool" || got.end.Func != "do" || !errors.Is(got.end.Err, c.is) || (got.end.Err == nil) != (c.is == nil) {
			t.Errorf("%s: %+v", c.what, got)
		}
		if out, _ := got.end.Out.(string); (out != "") != (c.is == nil) {
			t.Errorf("%s: the result is %v", c.what, got.end.Out)
		}
	}

	// A callback of its own is told instead, also of a call that has ended before
	// the callback was given.
	own := make(chan error, 1)
	onLoop(t, s, func(ctx context.Context) {
		s.do.Go(ctx, deed{}).Then(func(_ string, err error) { own <- err })
	})
	if err := <-own; err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	onLoop(t, s, func(context.Context) {
		s.do.Go(ended, deed{}).Then(func(_ string, err error) { own <- err })
	})
	if err := <-own; !errors.Is(err, legion.ErrTimeout) {
		t.Error(err)
	}
	onLoop(t, s, func(context.Context) {}) // what was posted before has run
	select {
	case got := <-heard:
		t.Errorf("the hook was told too: %+v", got)
	default:
	}
}

// onLoop runs fn on the loop of a started daemon and waits for it.
func onLoop(t testing.TB, s *solo, fn func(ctx context.Context)) {
	t.Helper()
	type turn struct{}
	off := legion.On(s.d, func(ctx context.Context, _ turn) error { fn(ctx); return nil })
	defer off()
	if err := legion.Emit(t.Context(), s.d, turn{}); err != nil {
		t.Fatal(err)
	}
}
