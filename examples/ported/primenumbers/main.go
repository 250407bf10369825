// Primenumbers is the example PrimeNumbers of shaneharter/PHP-Daemon: signals
// start jobs in two pools of workers, one of which uses the other's results.
// (The table of jobs in MySQL is left out.)
//
//	go run ./examples/ported/primenumbers
//	pkill -USR2 primenumbers    # factors; -WINCH: primes; -CONT: jobs by themselves
package main

import (
	"context"
	"flag"
	"log"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/lock"
)

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	flag.Parse()
	d := legion.New(legion.Config{Name: "primenumbers"})
	d.Use(lock.File(""))

	onTimeout := func(e legion.CallEnd) { d.Logger().Warn("a job timed out", "job", e.Call, "of", e.Func) }
	numbers := legion.NewWorkers(d, "numbers", newPrimes, legion.Pool{
		Max: 4, Timeout: time.Minute, Retry: 3, Buffer: 32 << 20, // workers, timeout, retry, malloc
		OnTimeout: onTimeout,
	})
	sieve := legion.Handle(numbers, "sieve", (*primes).Sieve)
	among := legion.Handle(numbers, "among", (*primes).Among)
	factors := legion.Worker(d, "factors", factors, legion.Pool{Max: 2, Timeout: time.Minute, OnTimeout: onTimeout})

	autoRun, runFactors, runSieve := false, false, false
	legion.On(d, func(_ context.Context, s event.Signal) error {
		switch s.Signal {
		case syscall.SIGUSR2:
			runFactors = true
		case syscall.SIGWINCH:
			runSieve = true
		case syscall.SIGCONT:
			autoRun = !autoRun
		default:
			return nil
		}
		d.Logger().Info("signal", "name", s.Name())
		return legion.StopPropagation // instead of an upgrade
	})

	d.Every(*every, func(ctx context.Context) error {
		if runFactors || autoRun && rand.IntN(3) == 0 {
			runFactors = false
			n := 500_000 + rand.IntN(9_500_000)
			factors.Go(ctx, n).Then(func(found []int, err error) {
				d.Logger().Info("factors", "of", n, "number", len(found), "err", err)
				among.Go(ctx, found).Then(func(found []int, err error) {
					d.Logger().Info("prime factors", "of", n, "are", found, "err", err)
				})
			})
		}
		if runSieve || autoRun && rand.IntN(10) == 0 {
			runSieve = false
			start := 100_000 + rand.IntN(100_000)
			sieve.Go(ctx, span{start, 2 * start}).Then(func(found []int, err error) {
				d.Logger().Info("primes", "from", start, "to", 2*start, "number", len(found), "err", err)
			})
			inline, err := sieve.Inline(ctx, span{start, start + 1000}) // on the loop: it must be quick
			d.Logger().Info("inline", "number", len(inline), "err", err)
		}
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
