package legion_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// Workers are replaced under load, for whatever reason: no call is lost, and
// never is one worker fewer ready. A function that leaks gets a fresh process
// again and again.
func TestRecyclingUnderLoad(t *testing.T) {
	slow.Test(t, "calls while workers are replaced, for a given time", "2 s")
	for _, c := range []struct {
		name string
		pool legion.Pool
		call deed
		also func(s *solo)
	}{
		{"MaxCalls", legion.Pool{MaxCalls: 40}, deed{What: "pid"}, nil},
		{"MaxAge", legion.Pool{MaxAge: 300 * time.Millisecond}, deed{What: "pid"}, nil},
		{"MaxMemory", legion.Pool{MaxMemory: 128 << 20}, deed{What: "keep", Size: 1 << 20, For: 5 * time.Millisecond}, nil},
		{"Recycle", legion.Pool{}, deed{What: "pid"}, func(s *solo) { _ = s.do.Pool().Recycle() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			c.pool.Min, c.pool.Max = 2, 2
			s := newSolo("solo", c.pool).start(t)
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			var all sync.WaitGroup
			var mu sync.Mutex
			seen := map[string]bool{}
			for range 8 {
				all.Go(func() {
					for ctx.Err() == nil {
						pid, err := s.do.Call(t.Context(), c.call)
						if err != nil {
							t.Errorf("a call was lost: %v", err)
							stop()
							return
						}
						mu.Lock()
						seen[pid] = true
						if len(seen) >= 8 {
							stop()
						}
						mu.Unlock()
						time.Sleep(c.call.For)
					}
				})
			}
			for ctx.Err() == nil {
				if n := len(s.workers("ready")); n < 2 {
					t.Errorf("%d workers were ready", n)
					stop()
				}
				if c.also != nil {
					c.also(s)
				}
				time.Sleep(time.Millisecond)
			}
			all.Wait()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Fatalf("%d processes in a minute", len(seen))
			}
			st := s.do.Pool().Stats()
			gone := st.Recycled + st.DeathsBy["stop"] // on a busy machine one may not leave in time
			if gone < 5 || gone+uint64(len(st.Workers)) != st.Started || st.Restarts != 0 || st.Calls != st.OK {
				t.Errorf("the statistics: %+v", st)
			}
		})
	}
}

// A worker younger than MinAge is not recycled, whatever it has served.
func TestMinAge(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1, MaxCalls: 1, MinAge: time.Hour}).start(t)
	pid := s.must(t, deed{What: "pid"})
	for range 20 {
		if now := s.must(t, deed{What: "pid"}); now != pid {
			t.Fatalf("worker %s was recycled", pid)
		}
	}
}
