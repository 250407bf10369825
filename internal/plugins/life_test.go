package plugins

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Plugins start in order and stop in reverse, each once.
func TestStartAndStop(t *testing.T) {
	h := newHost()
	h.use(t, h.part("a"), named("silent"), h.part("b"))
	h.since()
	for range 2 { // the second time there is nothing left to do
		if err := h.set.Start(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if errs := h.set.Stop(t.Context()); len(errs) > 0 {
			t.Error(errs)
		}
	}
	if want := []string{"a start", "b start", "b stop", "a stop"}; !slices.Equal(h.life, want) {
		t.Errorf("%q", h.life)
	}
}

// An error or a panic of a start ends it; what was started is stopped.
func TestStartThatFails(t *testing.T) {
	for want, panics := range map[string]bool{"plugin b: no start": false, "plugin b: panic: unlucky": true} {
		h := newHost()
		b := h.part("b")
		b.fails, b.panics = "start", panics
		h.use(t, h.part("a"), b, h.part("c"))
		h.since()
		if err := h.set.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
		h.set.Stop(t.Context())
		if want := []string{"a start", "b start", "a stop"}; !slices.Equal(h.life, want) {
			t.Errorf("%q", h.life)
		}
	}
}

// All are stopped, whatever the errors and panics of others.
func TestStopThatFails(t *testing.T) {
	h := newHost()
	a, b, c := h.part("a"), h.part("b"), h.part("c")
	a.fails, b.fails, b.panics = "stop", "stop", true
	h.use(t, a, b, c)
	if err := h.set.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.since()
	errs := fmt.Sprint(h.set.Stop(t.Context()))
	if !slices.Equal(h.life, []string{"c stop", "b stop", "a stop"}) || !strings.HasPrefix(errs, "[plugin b: panic: unlucky") || !strings.HasSuffix(errs, "plugin a: no stop]") {
		t.Errorf("%q: %s", h.life, errs)
	}
}

// One that does not stop is left behind at the end of the context, and named.
// The others are stopped.
func TestPluginThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		hangs := &slow{named: "slow", may: make(chan struct{})}
		h.use(t, h.part("a"), hangs)
		if err := h.set.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.since()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		errs := h.set.Stop(ctx)
		if len(errs) != 1 || errs[0].Error() != "plugin slow: it did not stop in time" || time.Since(began) != time.Second {
			t.Errorf("%v after %v", errs, time.Since(began))
		}
		if synctest.Wait(); !slices.Equal(h.life, []string{"a stop"}) { // without any time left
			t.Errorf("%q", h.life)
		}
		close(hangs.may)
	})
}

// All are reloaded, in order, whatever the errors and panics of others.
func TestReload(t *testing.T) {
	h := newHost()
	a, b, c := h.part("a"), h.part("b"), h.part("c")
	a.fails, b.fails, b.panics = "reload", "reload", true
	h.use(t, a, named("silent"), b, c)
	h.since()
	err := h.set.Reload(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "plugin a: no reload\nplugin b: panic: unlucky") || !slices.Equal(h.life, []string{"a reload", "b reload", "c reload"}) {
		t.Errorf("%v: %q", err, h.life)
	}
}

// A reload that hangs is left behind at the end of its context. Another one
// waits for it, so that one is never called twice at a time.
func TestReloadThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		hangs := &slow{named: "slow", may: make(chan struct{})}
		h.use(t, hangs)
		for _, want := range []string{"plugin slow: its reload has not ended: no time", "plugin slow: its previous reload has not ended: no time"} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("no time"))
			began := time.Now()
			if err := h.set.Reload(ctx); err == nil || err.Error() != want || time.Since(began) != time.Second {
				t.Errorf("%v after %v, not %s", err, time.Since(began), want)
			}
			if cancel(); hangs.begins.Load() != 1 {
				t.Errorf("%d begins", hangs.begins.Load())
			}
		}
		close(hangs.may)
		if err := h.set.Reload(t.Context()); err != nil || hangs.begins.Load() != 2 {
			t.Errorf("%v, %d begins", err, hangs.begins.Load())
		}
	})
}

// A plugin for which no time is left is not said to hang since the reload
// before.
func TestReloadWithoutTime(t *testing.T) {
	h := newHost()
	may := make(chan struct{})
	for i := range 50 { // a random choice would be right in one of many
		h.use(t, &slow{named: named(fmt.Sprint(i)), may: may})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.set.Reload(ctx); err == nil || strings.Contains(err.Error(), "previous") || strings.Count(err.Error(), "its reload has not ended") != 50 {
		t.Error(err)
	}
	close(may)
}

// quitter ends the goroutine that calls it.
type quitter struct{}

func (quitter) Name() string                 { return "quitter" }
func (quitter) Start(context.Context) error  { return nil }
func (quitter) Reload(context.Context) error { runtime.Goexit(); return nil }
func (quitter) Stop(context.Context) error   { runtime.Goexit(); return nil }

// A plugin that ends its goroutine is reported at once, and the next reload
// does not wait for it.
func TestPluginThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.use(t, quitter{})
		s := &h.set
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 2 {
			if err := s.Reload(t.Context()); err == nil || err.Error() != "plugin quitter: it ended its goroutine" {
				t.Errorf("Reload: %v", err)
			}
		}
		if errs := s.Stop(t.Context()); len(errs) != 1 || errs[0].Error() != "plugin quitter: it ended its goroutine" {
			t.Errorf("Stop: %v", errs)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}
