package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// A loop that fails all the time is tried less and less often; one that works
// again is at its old pace at once.
func TestFailingLoopPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = time.Millisecond
		var runs atomic.Int64
		var works atomic.Bool
		w := &wireless{frames: make(chan link.Frame)}
		served := make(chan error, 1)
		go func() {
			served <- Serve(w, Config{
				Concurrency: 1, Busy: new(atomic.Int32), Context: context.Background(), LoopEvery: every,
				Fault: func(err error) wire.Fault { return wire.Fault{Message: err.Error()} },
				Loop: func(context.Context) error {
					runs.Add(1)
					if works.Load() {
						return nil
					}
					return errors.New("the database is down")
				},
			})
		}()
		began := time.Now()
		var at []time.Duration // of its runs
		for n := runs.Load(); time.Since(began) < 10*time.Minute; time.Sleep(every) {
			if now := runs.Load(); now > n {
				n = now
				at = append(at, time.Since(began))
			}
		}
		for i := 2; i < len(at); i++ {
			last, before := at[i]-at[i-1], at[i-1]-at[i-2]
			if last > lastLoopPause+2*every || last < min(2*before, lastLoopPause)-3*every {
				t.Errorf("after pauses of %v it paused for %v", before, last)
			}
		}
		if n := runs.Load(); n < 60 || n > 80 {
			t.Errorf("in 10 minutes it ran %d times", n)
		}
		works.Store(true)
		for n := runs.Load(); runs.Load() == n; {
			time.Sleep(every)
		}
		before := runs.Load()
		time.Sleep(100 * every)
		if n := runs.Load() - before; n < 90 {
			t.Errorf("once it works it runs %d times in 100 intervals", n)
		}
		close(w.frames)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
