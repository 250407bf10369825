package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion"
)

// generator lives in a worker process. Its methods are called from the daemon.
type generator struct{ prefix string }

// newGenerator is called once in each worker process, as initialize was after the
// fork.
func newGenerator(ctx context.Context) (*generator, error) {
	legion.Logger(ctx).Debug("a generator is made") // arrives in the daemon's log
	return &generator{prefix: "x"}, nil
}

func (g *generator) RandomString(ctx context.Context, length int) (string, error) {
	if length < 1 || length > 26 {
		return "", errors.New("the length must be 1 to 26") // arrives as an error, as an exception did
	}
	return g.prefix + rand.Text()[:length], nil
}

func workers(d *legion.Daemon) {
	generators := legion.NewWorkers(d, "example", newGenerator, legion.Pool{
		Max:      2,                // setMaxProcesses
		Spawn:    legion.Lazy,      // setForkingStrategy(Mediator::FORK_LAZY)
		MaxCalls: 10,               // setMaxCalls
		MaxAge:   10 * time.Second, // setMaxRuntime
		MinAge:   time.Second,      // setMinRuntime
		Buffer:   1 << 20,          // malloc
		Timeout:  5 * time.Second,

		OnReturn:  func(e legion.CallEnd) { fmt.Println("returned", e.Out) }, // on the loop, all three
		OnDied:    func(e legion.CallEnd) { fmt.Println("died:", e.Err) },
		OnTimeout: func(e legion.CallEnd) { fmt.Println("took too long:", e.Err) },
	})
	randomString := legion.Handle(generators, "random_string", (*generator).RandomString)
	legion.Expose(d, randomString) // the control socket may call it, too

	d.Every(time.Second, func(ctx context.Context) error {
		// 1. A promise. Then is called on the loop, with the result or with the error.
		randomString.Go(ctx, 8).Then(func(text string, err error) {
			if err != nil { // otherwise
				d.Logger().Error("no random string", "err", err)
				return
			}
			fmt.Println("then", len(text))
		})

		// 2. Without Then the pool's OnReturn, OnDied and OnTimeout are told.
		randomString.Go(ctx, 4)

		// 3. inline: here, in the daemon's own process, without any protection.
		text, err := randomString.Inline(ctx, 4)
		fmt.Println("inline", len(text), err)

		// 4. And what php-daemon has not: wait for the worker. In any other goroutine, too.
		text, err = randomString.Call(ctx, 4)
		fmt.Println("call", len(text), err)
		return nil
	})
}
