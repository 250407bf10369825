package concurrent

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Wait returns when the last has ended, and also waits for what begins
// meanwhile.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		if left := g.Wait(t.Context()); left != "" {
			t.Errorf("an empty group: %q is left", left)
		}
		began := time.Now()
		g.Go("a server", func() {
			time.Sleep(time.Second)
			g.Go("its client", func() { time.Sleep(time.Second) })
		})
		end := g.Begin("a check")
		time.AfterFunc(3*time.Second, end)
		for range 2 {
			if left := g.Wait(t.Context()); left != "" || time.Since(began) != 3*time.Second {
				t.Errorf("%q is left after %v", left, time.Since(began))
			}
		}
		done := make(chan string, 2) // several may wait, again and again
		end = g.Begin("another")
		for range 2 {
			go func() { done <- g.Wait(t.Context()) }()
		}
		synctest.Wait()
		end()
		for range 2 {
			if left := <-done; left != "" {
				t.Errorf("%q is left", left)
			}
		}
	})
}

// What does not end is named, and only that; what ends in the last moment is
// not.
func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		first, second, third := g.Begin("a hook"), g.Begin("a log"), g.Begin("a hook")
		g.Go("a method", func() {
			<-ctx.Done()
			time.Sleep(EndGrace - 1)
		})
		first()
		if left := g.Wait(ctx); left != "a log, a hook" || time.Since(began) != time.Second+EndGrace {
			t.Errorf("%q is left after %v", left, time.Since(began))
		}
		second()
		third()
		if left := g.Wait(ctx); left != "" { // whether ctx has ended or not
			t.Errorf("%q is left", left)
		}
	})
}

func TestEnded(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // when it ends
		ended bool
		took  time.Duration
	}{
		"at once":       {0, true, 0},
		"in time":       {time.Second, true, time.Second},
		"a little late": {2*time.Second + EndGrace/2, true, 2*time.Second + EndGrace/2},
		"much too late": {time.Hour, false, 2*time.Second + EndGrace},
		"just too late": {2*time.Second + EndGrace + 1, false, 2*time.Second + EndGrace},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all sync.WaitGroup
				all.Go(func() { time.Sleep(c.after) })
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				if ended := Done(ctx, &all); ended != c.ended || time.Since(began) != c.took {
					t.Errorf("ended: %v, after %v", ended, time.Since(began))
				}
				all.Wait()
			})
		})
	}
}
