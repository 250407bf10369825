package loop_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/loop"
)

// A new interval counts from Reset, on any goroutine: Reset wakes a sleeping
// loop for an earlier tick, and a tick may change its own interval.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{MinPause: time.Second})
		var at []time.Duration
		began := time.Now()
		var ticker *loop.Ticker
		ticker = l.Every(time.Hour, func() {
			at = append(at, time.Since(began))
			if len(at) == 4 {
				time.Sleep(time.Second)
				ticker.Reset(time.Minute)
			}
		})
		wait := run(t, t.Context(), l)
		time.Sleep(time.Second)
		ticker.Reset(10 * time.Second) // 11, 21, and in the tick of 31 a minute from 32 on
		time.Sleep(92 * time.Second)   // 92; now is 93
		ticker.Reset(0)
		time.Sleep(1500 * time.Millisecond)
		l.Stop()
		wait()
		want := []time.Duration{0, 11, 21, 31, 92, 93, 94}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(at, want) {
			t.Errorf("ticks at %v, want %v", at, want)
		}
		if got := ticker.Interval(); got != 0 {
			t.Errorf("Interval: %v", got)
		}
	})
}

// A ticker that is made while the loop runs has no tick before Start, and the
// first one at once then, with the interval that Reset has given it.
func TestNewTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		wait := run(t, t.Context(), l)
		var at []time.Duration
		began := time.Now()
		ticker := l.NewTicker(time.Second, func() { at = append(at, time.Since(began)) })
		time.Sleep(10 * time.Second)
		ticker.Reset(time.Minute)
		ticker.Start()
		time.Sleep(61 * time.Second)
		l.Stop()
		wait()
		if want := []time.Duration{10 * time.Second, 70 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("ticks at %v, want %v", at, want)
		}
	})
}
