package pool

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "run only the history with this seed")
	simCount = flag.Int("sim.count", histories, "number of random histories")
)

// TestHistories puts the core through random histories of a simulated world, in
// which processes boot slowly, crash, hang, disobey, are killed from outside,
// and operators pause, scale, recycle and stop. The promises are checked at
// every step. A failure names the seed that repeats it.
func TestHistories(t *testing.T) {
	if *simSeed != 0 {
		if err := history(*simSeed); err != nil {
			t.Fatal(err)
		}
		return
	}
	count := slow.Tenth(t, *simCount, "simulates thousands of histories", "8 s")
	if os.Getenv("SOAK") != "" {
		count *= 50
	}
	base := rand.Uint64()
	t.Logf("seeds from %d", base)
	var work sync.WaitGroup
	failed := make(chan error, runtime.NumCPU())
	for n := range runtime.NumCPU() {
		work.Go(func() {
			for i := n; i < count; i += runtime.NumCPU() {
				if err := history(base + uint64(i) + 1); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	work.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
}

// history runs one history; a broken promise panics with a violation.
func history(seed uint64) (err error) {
	s := newSim(seed)
	defer func() {
		if v := recover(); v != nil {
			why, ok := v.(violation)
			if !ok {
				panic(fmt.Sprintf("seed %d: %v", seed, v))
			}
			err = fmt.Errorf("seed %d, at %v, %+v: %s (repeat: go test ./internal/pool -run TestHistories -sim.seed=%d)", seed, s.now, s.k.cfg, why, seed)
		}
	}()
	s.run()
	return nil
}

type violation string

func broken(format string, args ...any) { panic(violation(fmt.Sprintf(format, args...))) }
