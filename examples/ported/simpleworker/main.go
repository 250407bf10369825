// Simpleworker is the example SimpleWorker of lifo101/php-daemon: now and then
// the loop calls a method of an object that lives in worker processes.
//
//	go run ./examples/ported/simpleworker
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"github.com/legion-go/legion"
)

// generator lives in a worker process. Its methods are called from the daemon.
type generator struct{ prefix string }

// newGenerator is called once in each worker process, as initialize was after
// the fork.
func newGenerator(ctx context.Context) (*generator, error) {
	legion.Logger(ctx).Debug("a generator is made") // arrives in the daemon's log
	return &generator{prefix: "x"}, nil
}

func (g *generator) RandomString(ctx context.Context, latency time.Duration) (string, error) {
	time.Sleep(latency)
	return fmt.Sprintf("%s%016x", g.prefix, rand.Uint64()), nil
}

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	flag.Parse()
	d := legion.New(legion.Config{Name: "simpleworker"})
	generators := legion.NewWorkers(d, "example", newGenerator, legion.Pool{
		Max:      2,                // setMaxProcesses
		Spawn:    legion.Lazy,      // setForkingStrategy(Mediator::FORK_LAZY)
		MaxCalls: 10,               // setMaxCalls
		MaxAge:   10 * time.Second, // setMaxRuntime
		Timeout:  5 * time.Second,

		OnReturn:  func(e legion.CallEnd) { d.Logger().Info("returned", "value", e.Out) }, // on the loop, all three
		OnDied:    func(e legion.CallEnd) { d.Logger().Warn("died", "err", e.Err) },
		OnTimeout: func(e legion.CallEnd) { d.Logger().Warn("took too long", "err", e.Err) },
	})
	randomString := legion.Handle(generators, "random_string", (*generator).RandomString)

	loop := 0
	d.Every(*every, func(ctx context.Context) error {
		loop++
		d.Logger().Info("loop", "turn", loop)
		if rand.IntN(3) != 0 && loop%5 != 0 {
			return nil
		}
		latency := rand.N(*every / 2)
		// 1. A promise. Then is called on the loop, with the result or with the error.
		randomString.Go(ctx, latency).Then(func(text string, err error) {
			if err != nil { // otherwise
				d.Logger().Error("no random string", "err", err)
				return
			}
			d.Logger().Info("promised", "value", text)
		})

		// 2. Without Then the pool's OnReturn, OnDied and OnTimeout are called.
		randomString.Go(ctx, latency)

		// 3. inline: here, in the daemon's own process, without any protection.
		text, err := randomString.Inline(ctx, 0)
		d.Logger().Info("inline", "value", text, "err", err)

		// 4. Not in php-daemon: wait for the worker. Any other goroutine may, too.
		text, err = randomString.Call(ctx, 0)
		d.Logger().Info("called", "value", text, "err", err)
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
