package loop_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/loop"
	"github.com/legion-go/legion/internal/slow"
)

// TestStress does everything at once on the real clock, mainly for the race
// detector. Every function that was taken must run exactly once, in the order
// of its producer.
func TestStress(t *testing.T) {
	t.Run("coarse", func(t *testing.T) { stress(t, false) })
	t.Run("precise", func(t *testing.T) { stress(t, true) })
}

func stress(t *testing.T, precise bool) {
	const producers = 8
	posts := slow.Tenth(t, 5000, "posts from many goroutines", "1 s")
	l := loop.New(loop.Config{Precise: precise, MinPause: time.Microsecond, Panic: func(any, []byte) {}})
	shared := 0 // no lock: the race detector reports two functions at the same time
	for _, interval := range []time.Duration{0, 1, time.Millisecond, time.Hour} {
		l.Every(interval, func() { shared++ })
	}
	wait := run(t, t.Context(), l)

	var all sync.WaitGroup
	var taken atomic.Int64
	var last [producers]int
	half := make(chan struct{})
	for p := range producers {
		all.Go(func() {
			for i := 1; i <= posts; i++ {
				ok := l.Post(func() {
					shared++
					if last[p] != i-1 {
						t.Errorf("producer %d: function %d ran after %d", p, i, last[p])
					}
					last[p] = i
					if i%1000 == 0 {
						panic("now and then")
					}
				})
				if !ok {
					return
				}
				taken.Add(1)
				if p == 0 && i == posts/2 {
					close(half)
				}
			}
		})
	}
	all.Go(func() { // tickers come and go
		for range 200 {
			ticker := l.Every(10*time.Microsecond, func() { shared++ })
			_ = ticker.Stats()
			_ = l.Stats()
			ticker.Stop()
		}
	})
	all.Go(func() { <-half; l.Stop() })
	all.Wait()
	wait()

	sum := 0
	for _, n := range last {
		sum += n
	}
	if s := l.Stats(); int64(sum) != taken.Load() || s.Pending != 0 {
		t.Errorf("%d functions were taken, %d ran; %+v", taken.Load(), sum, s)
	}
}

func TestPostAllocatesNothing(t *testing.T) {
	l := loop.New(loop.Config{Panic: func(any, []byte) {}})
	wait := run(t, t.Context(), l)
	done := make(chan struct{})
	fn := func() { done <- struct{}{} }
	if n := testing.AllocsPerRun(1000, func() { l.Post(fn); <-done }); n != 0 {
		t.Errorf("%v allocations per posted function", n)
	}
	l.Stop()
	wait()
}

func TestTickAllocatesNothing(t *testing.T) {
	for _, precise := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		l := loop.New(loop.Config{Precise: precise, MinPause: time.Microsecond, Panic: func(any, []byte) {}})
		ticked := make(chan struct{})
		l.Every(0, func() {
			select {
			case ticked <- struct{}{}:
			case <-ctx.Done():
			}
		})
		wait := run(t, ctx, l)
		if n := testing.AllocsPerRun(1000, func() { <-ticked }); n != 0 {
			t.Errorf("precise %v: %v allocations per tick", precise, n)
		}
		cancel()
		wait()
	}
}
