package plugins

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Each plugin with figures has an entry, and one that panics an explanation.
func TestStats(t *testing.T) {
	h := newHost()
	h.use(t, figures{"a", 7}, named("silent"), figures{"b", nil}, figures{"c", "x"})
	if err := h.set.AddLazy("lazy", func() (figures, error) { return figures{}, nil }); err != nil {
		t.Fatal(err)
	}
	stats := h.set.Stats()
	if b, _ := stats["b"].(string); len(stats) != 3 || stats["a"] != 7 || stats["c"] != "x" || !strings.HasPrefix(b, "panic: unlucky") {
		t.Errorf("%v", stats)
	}
	if l := h.set.List(); l[0].Stats != 7 || l[0].State != "made" || l[1].Stats != nil || l[4].State != "promised" || l[4].Stats != nil {
		t.Errorf("%+v", l)
	}
}

// A plugin that does not answer holds one goroutine, however often it is asked,
// and costs each that asks a tenth of a second.
func TestStatsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		hangs := &slow{named: "slow", may: make(chan struct{})}
		h.use(t, hangs, figures{"b", 7})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				began := time.Now()
				stats := h.set.Stats()
				if stats["slow"] != "it does not answer" || stats["b"] != 7 || time.Since(began) != patience {
					t.Errorf("%v after %v", stats, time.Since(began))
				}
			})
		}
		if all.Wait(); hangs.begins.Load() != 1 {
			t.Errorf("it hangs %d times", hangs.begins.Load())
		}
		close(hangs.may)
		synctest.Wait()
		if stats := h.set.Stats(); stats["slow"] != "figures" || hangs.begins.Load() != 2 {
			t.Errorf("%v", stats)
		}
	})
}
