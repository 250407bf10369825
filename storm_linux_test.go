package legion_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

var stormSeed = flag.Uint64("storm.seed", 0, "seed of the kill storm; 0 = a random one")

// 64 callers call a function that must not run twice, while random workers are
// killed: every call ends once, none is executed twice, none that has a result
// was not executed, and nothing is left behind.
func TestKillStorm(t *testing.T) {
	slow.Test(t, "kills workers under load for a given time", "30 s")
	long, brief := 20*time.Second, 2*time.Second
	if os.Getenv("SOAK") != "" {
		long = 10 * time.Minute
	}
	for _, c := range []struct {
		name string
		pool legion.Pool
		span time.Duration
	}{
		{"one worker", legion.Pool{Max: 1}, brief},
		{"four workers", legion.Pool{Min: 4, Max: 4}, long},
		{"up to eight", legion.Pool{Min: 1, Max: 8}, brief},
		{"recycling", legion.Pool{Min: 2, Max: 3, MaxCalls: 20}, brief},
		{"sockets", legion.Pool{Min: 2, Max: 4, Transport: legion.Socket}, brief},
	} {
		t.Run(c.name, func(t *testing.T) {
			seed := *stormSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("repeat with -args -storm.seed=%d", seed)
			storm(t, c.pool, c.span, seed)
		})
	}
}

func storm(t *testing.T, p legion.Pool, span time.Duration, seed uint64) {
	legiontest.CheckLeaks(t)
	p.MaxRestarts, p.KillGrace = -1, 20*time.Millisecond
	path := filepath.Join(t.TempDir(), "executions")
	s := newSolo("solo", p).start(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	time.AfterFunc(span, func() {
		// On a busy machine it takes longer until a kill meets a call.
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			if st := s.do.Pool().Stats(); st.OK > 0 && st.Crashed > 0 {
				break
			}
		}
		stop()
	})

	const callers = 64
	var all sync.WaitGroup
	var calls, kills atomic.Int64
	results := make([]map[int]bool, callers) // by call: whether it had a result
	for i := range callers {
		results[i] = map[int]bool{}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				n := int(calls.Add(1))
				err := stormCall(s, r, deed{What: "note", Path: path, Size: n})
				results[i][n] = err == nil
				if err != nil && !errors.Is(err, legion.ErrCrashed) && !errors.Is(err, legion.ErrTimeout) && !errors.Is(err, legion.ErrCanceled) {
					t.Errorf("call %d: %v", n, err)
				}
			}
		})
	}
	all.Go(func() {
		r := rand.New(rand.NewPCG(seed, callers))
		for ctx.Err() == nil {
			time.Sleep(time.Duration(r.IntN(int(40 * time.Millisecond))))
			workers := s.workers("")
			if len(workers) == 0 {
				continue
			}
			// Those that still start are mostly left alone: a pool gives up when none
			// ever becomes ready.
			if w := workers[r.IntN(len(workers))]; w.PID != 0 && (w.State != "starting" || r.IntN(32) == 0) {
				killChild(w.PID)
				kills.Add(1)
			}
		}
	})
	all.Wait()

	ran := notes(t, path)
	told, good := 0, 0
	for _, of := range results {
		for n, ok := range of {
			told++
			if ok {
				good++
			}
			if ok && ran[n] != 1 || ran[n] > 1 {
				t.Errorf("call %d was executed %d times; it had a result: %v", n, ran[n], ok)
			}
		}
	}
	if int64(told) != calls.Load() {
		t.Errorf("%d calls, %d ends", calls.Load(), told)
	}
	st := s.do.Pool().Stats()
	if sum := st.OK + st.Failed + st.Crashed + st.TimedOut + st.Canceled; st.Calls != sum || st.Queued+st.Running != 0 {
		t.Errorf("the statistics do not add up: %+v", st)
	}
	if good == 0 || kills.Load() == 0 || st.Crashed == 0 {
		t.Errorf("%d results, %d crashes, %d kills: this was no storm", good, st.Crashed, kills.Load())
	}
	t.Logf("%d calls, %d results, %d crashed, %d kills, %d workers", told, good, st.Crashed, kills.Load(), st.Started)
	s.must(t, deed{What: "pid"}) // and it works on
}

// stormCall makes one call in one of the ways there are.
func stormCall(s *solo, r *rand.Rand, x deed) error {
	ctx := context.Background()
	// Most are so fast that others are sent ahead, to wait inside the worker; those
	// behind a slow one are taken back.
	switch r.IntN(64) {
	case 0:
		x.For = time.Duration(r.IntN(int(10 * time.Millisecond)))
	case 1:
		x.What = "note large" // a result in pieces
	}
	switch r.IntN(8) {
	case 0:
		_, err := s.do.Go(ctx, x).Result()
		return err
	case 1:
		fut := s.do.Go(ctx, x)
		time.Sleep(time.Duration(r.IntN(int(time.Millisecond))))
		fut.Cancel()
		_, err := fut.Result()
		return err
	case 2:
		ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(int(20*time.Millisecond))))
		defer cancel()
		_, err := s.do.Call(ctx, x)
		return err
	}
	_, err := s.do.Call(ctx, x)
	if err != nil && fmt.Sprint(err) == "" {
		return errors.New("an error that says nothing")
	}
	return err
}
