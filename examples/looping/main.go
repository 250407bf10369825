// Looping shows workers with a loop of their own: a process that does something
// again and again by itself, and takes commands between two turns. It is
// paused, resumed and changed by a command, fails in one turn, and is replaced
// at its end.
//
//	go run ./examples/looping
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// pump moves water, one bucket with each turn. It needs no locks: commands run
// between two turns.
type pump struct {
	bucket, moved int
}

// Loop is one turn. Legion calls it at the interval Pool.LoopEvery.
func (p *pump) Loop(context.Context) error {
	switch {
	case p.bucket == 0:
		p.bucket = 1
		return errors.New("a bucket of nothing: taking another") // a Failure event; the loop goes on
	case p.bucket < 0:
		return legion.EndLoop // the worker ends, and Pool.OnExit says what that means
	}
	p.moved += p.bucket
	return nil
}

// Use is a custom command: it changes the bucket and returns what was moved
// with the one before.
func (p *pump) Use(_ context.Context, bucket int) (int, error) {
	moved := p.moved
	p.bucket, p.moved = bucket, 0
	return moved, nil
}

func main() { // runs in every process of the daemon: declare, then start
	d := legion.New(legion.Config{Name: "looping", LogLevel: slog.LevelError}) // it prints the rest itself
	newPump := func(context.Context) (*pump, error) { return &pump{bucket: 1}, nil }
	pumps := legion.NewWorkers(d, "pump", newPump, legion.Pool{LoopEvery: 20 * time.Millisecond, OnExit: legion.Restart})
	use := legion.Handle(pumps, "use", (*pump).Use)

	started := make(chan int, 8) // the pids of workers whose loop begins
	legion.On(d, func(_ context.Context, e event.LoopStarted) error {
		fmt.Println("  event LoopStarted: process", e.PID)
		started <- e.PID
		return nil
	})
	legion.On(d, func(_ context.Context, e event.LoopStopped) error {
		fmt.Printf("  event LoopStopped: process %d, by a pause: %v\n", e.PID, e.Paused)
		return nil
	})
	legion.On(d, func(_ context.Context, e event.Failure) error {
		fmt.Println("  event Error:", e.Err)
		return legion.StopPropagation // keeps it out of the log
	})

	ctx := context.Background()
	check(d.Start(ctx))           // worker processes never return from Start
	command := func(bucket int) { // after half a second of work
		time.Sleep(500 * time.Millisecond)
		told := make(chan struct{})
		use.Go(ctx, bucket).Then(func(moved int, err error) { // on the loop, before the events that follow
			fmt.Printf("moved %d; the next bucket: %d; error: %v\n", moved, bucket, err)
			close(told)
		})
		<-told
	}
	<-started
	command(100)
	check(pumps.Pause()) // calls wait, too
	time.Sleep(500 * time.Millisecond)
	fmt.Println("paused: the worker is", pumps.Stats().Workers[0].State)
	check(pumps.Resume())
	<-started
	command(0)  // its next turn fails
	command(-1) // its next turn is the last
	<-started
	fmt.Println("another process has taken its place")
	command(1)
	d.Stop(ctx) // finishes the call first
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
