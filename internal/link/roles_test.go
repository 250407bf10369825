package link_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/internal/wire"
)

// TestNoWakeupIsLost changes the receiving role as often and as irregularly as
// possible: callers that poll and callers that do not, pauses at random places
// on both sides, unsolicited frames. A lost wake-up is a hang, unless the next
// frame hides it: so often no other frame is under way.
func TestNoWakeupIsLost(t *testing.T) {
	rounds := slow.Tenth(t, 4000, "changes roles until a wake-up can be lost", "3 s")
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprintf("GOMAXPROCS=%d", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			each(t, func(t *testing.T, tr link.Transport) {
				for _, callers := range []int{1, 2, 5} {
					changeRoles(t, tr, callers, rounds/procs)
				}
			})
		})
	}
}

func pause(rng *rand.Rand) {
	switch rng.IntN(8) {
	case 0:
		runtime.Gosched()
	case 1:
		for range rng.IntN(20_000) {
			_ = rng
		}
	case 2:
		if rng.IntN(20) == 0 {
			time.Sleep(time.Duration(rng.IntN(200)) * time.Microsecond)
		}
	}
}

func changeRoles(t *testing.T, tr link.Transport, callers, rounds int) {
	seed := uint64(time.Now().UnixNano())
	var busy atomic.Int32
	d, w := pair(t, tr, link.Options{Busy: &busy})
	var logs, wantLogs atomic.Int64
	var done [8]atomic.Uint32
	var woken [8]chan struct{}
	for i := range woken {
		woken[i] = make(chan struct{}, 1)
	}
	ended := serve(d, func(f link.Frame) error {
		if f.Kind == wire.Log {
			logs.Add(1)
			return nil
		}
		i := wire.Slot(f.Call)
		done[i].Store(wire.Gen(f.Call))
		woken[i] <- struct{}{}
		return nil
	})
	var mu sync.Mutex // for rng
	rng := rand.New(rand.NewPCG(seed, 1))
	serve(w, func(f link.Frame) error {
		call := f.Call
		busy.Add(1)
		go func() {
			mu.Lock()
			mine := rand.New(rand.NewPCG(rng.Uint64(), 2))
			mu.Unlock()
			pause(mine)
			if mine.IntN(2) == 0 {
				busy.Add(-1)
				defer busy.Add(1)
			}
			defer busy.Add(-1)
			if mine.IntN(4) == 0 {
				wantLogs.Add(1)
				w.Send(wire.Header{Kind: wire.Log}, nil)
				pause(mine)
			}
			w.Send(wire.Header{Kind: wire.Response, Call: call}, nil)
			if mine.IntN(8) == 0 {
				pause(mine)
				wantLogs.Add(1)
				w.Send(wire.Header{Kind: wire.Log}, nil)
			}
		}()
		return nil
	})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i+10)))
			gen := uint32(0)
			fin := func() bool { return done[i].Load() == gen }
			for gen = 1; gen <= uint32(rounds); gen++ {
				if err := d.Send(wire.Header{Kind: wire.Request, Call: wire.CallID(uint8(i), gen)}, nil); err != nil {
					t.Error(err)
					return
				}
				pause(rng)
				if rng.IntN(3) > 0 {
					d.Poll(0, fin)
				}
				select {
				case <-woken[i]:
				case <-time.After(guard):
					t.Errorf("seed %d: caller %d has no answer to its call %d", seed, i, gen)
					return
				}
			}
		})
	}
	wg.Wait()
	for end := time.Now().Add(guard); logs.Load() < wantLogs.Load() || busy.Load() > 0; { // they must arrive without further frames
		if time.Now().After(end) {
			t.Fatalf("seed %d: %d of %d unsolicited frames", seed, logs.Load(), wantLogs.Load())
		}
		time.Sleep(100 * time.Microsecond)
	}
	d.Close()
	if err := await(t, "Serve", ended); err != nil {
		t.Error(err)
	}
}
