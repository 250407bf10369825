// Sizing measures the figures of docs/sizing.md on this machine: how many calls
// pools of different sizes make for a function that waits and for one that
// computes, how long calls wait in a full queue, what a task costs, and how
// much MemoryLimit a function needs.
//
//	go run ./examples/sizing
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/legion-go/legion"
)

func wait(_ context.Context, d time.Duration) (struct{}, error) {
	time.Sleep(d)
	return struct{}{}, nil
}

func compute(context.Context, time.Duration) (sum [32]byte, _ error) {
	var block [1 << 20]byte
	for range 16 {
		sum = sha256.Sum256(block[:])
	}
	return sum, nil
}

// allocate uses that many MiB, and as much again for a moment.
func allocate(_ context.Context, mib int) (byte, error) {
	a := make([]byte, mib<<20)
	for i := range a {
		a[i] = byte(i)
	}
	return slices.Clone(a)[mib], nil
}

type (
	pool struct {
		what string
		max  int
		fn   func(context.Context, time.Duration) error
	}
	limit struct {
		mib int
		fn  *legion.Func[int, byte]
	}
)

func main() {
	length := flag.Duration("for", time.Second, "how long each row is measured")
	callers := flag.Int("callers", 64, "how `many` call at the same time")
	flag.Parse()
	d := legion.New(legion.Config{Name: "sizing", LogLevel: slog.LevelError + 1, Control: "none"})
	var pools []pool
	for _, max := range []int{1, 2, 4, 16, 64} {
		options := legion.Pool{Max: max, Min: max, Queue: 100_000}
		w := legion.Worker(d, fmt.Sprint("wait", max), wait, options)
		pools = append(pools, pool{"waits 20 ms", max, func(ctx context.Context, t time.Duration) error {
			_, err := w.Call(ctx, t)
			return err
		}})
	}
	for _, max := range []int{1, 2, 4, 16} {
		options := legion.Pool{Max: max, Min: max, Queue: 100_000}
		c := legion.Worker(d, fmt.Sprint("compute", max), compute, options)
		pools = append(pools, pool{"hashes 16 MiB", max, func(ctx context.Context, t time.Duration) error {
			_, err := c.Call(ctx, t)
			return err
		}})
	}
	for _, max := range []int{1, 2, 4, 16} {
		t := legion.Task(d, fmt.Sprint("task", max), wait, legion.TaskOptions{MaxRunning: max, Queue: 100_000})
		pools = append(pools, pool{"is a task of 20 ms", max, func(ctx context.Context, length time.Duration) error {
			_, err := t.Call(ctx, length)
			return err
		}})
	}
	var limits []limit
	for _, mib := range []int{64, 128, 136, 144, 160, 192} {
		limits = append(limits, limit{mib, legion.Worker(d, fmt.Sprint("limit", mib), allocate,
			legion.Pool{Max: 1, Spawn: legion.Lazy, MemoryLimit: uint64(mib) << 20})})
	}

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d callers\nTHE FUNCTION         MAX  CALLS/S   P50 MS   P99 MS\n", *callers)
	for _, p := range pools {
		rate, p50, p99 := measure(ctx, p, *callers, *length)
		fmt.Printf("%-20s %3d %8.0f %8.1f %8.1f\n", p.what, p.max, rate, p50, p99)
	}
	fmt.Println("two slices of 64 MiB")
	for _, l := range limits {
		_, err := l.fn.Call(ctx, 64)
		fmt.Printf("MemoryLimit %3d MiB: out of memory: %t\n", l.mib, errors.Is(err, legion.ErrOutOfMemory))
	}
	if err := d.Stop(ctx); err != nil {
		log.Fatal(err)
	}
}

// measure makes that many callers call p, and returns calls per second, and the
// p50 and p99 latency in milliseconds.
func measure(ctx context.Context, p pool, number int, length time.Duration) (rate, p50, p99 float64) {
	var took []time.Duration
	var mu sync.Mutex
	var callers sync.WaitGroup
	begin := time.Now()
	for range number {
		callers.Go(func() {
			for first := true; first || time.Since(begin) < length; first = false {
				start := time.Now()
				if err := p.fn(ctx, 20*time.Millisecond); err != nil {
					log.Fatal(err)
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	slices.Sort(took)
	ms := func(part float64) float64 { return took[int(part*float64(len(took)-1))].Seconds() * 1000 }
	return float64(len(took)) / time.Since(begin).Seconds(), ms(0.5), ms(0.99)
}
