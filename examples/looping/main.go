// Looping shows workers with a loop of their own: a process that does something
// again and again by itself, and takes commands between two turns. It is paused,
// resumed, steered by a command, fails in one turn, and is replaced at its end.
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
		return errors.New("the bucket has a hole, here is a new one") // an Error event; the loop goes on
	case p.bucket < 0:
		return legion.EndLoop // the worker ends, and Pool.OnExit says what that means
	}
	p.moved += p.bucket
	return nil
}

// Use is a custom command: it changes the bucket and returns what was moved with
// the one before.
func (p *pump) Use(_ context.Context, bucket int) (int, error) {
	moved := p.moved
	p.bucket, p.moved = bucket, 0
	return moved, nil
}

func main() { // runs in every process of the daemon: declare, then start
	d := legion.New(legion.Config{Name: "looping", LogLevel: slog.LevelError + 1})
	newPump := func(context.Context) (*pump, error) { return &pump{bucket: 1}, nil }
	pumps := legion.NewWorkers(d, "pump", newPump, legion.Pool{LoopEvery: 20 * time.Millisecond, OnExit: legion.Restart})
	use := legion.Handle(pumps, "use", (*pump).Use)

	started := make(chan int, 8) // the pids of workers whose loop begins
	legion.On(d, func(_ context.Context, e legion.LoopStarted) error {
		fmt.Println("  event LoopStarted: process", e.PID)
		started <- e.PID
		return nil
	})
	legion.On(d, func(_ context.Context, e legion.LoopStopped) error {
		fmt.Printf("  event LoopStopped: process %d, by a pause: %v\n", e.PID, e.Paused)
		return nil
	})
	legion.On(d, func(_ context.Context, e legion.Error) error {
		fmt.Println("  event Error:", e.Err)
		return nil
	})

	ctx := context.Background()
	check(d.Start(ctx)) // worker processes never return from Start
	defer d.Stop(ctx)
	command := func(bucket int) {
		moved, err := use.Call(ctx, bucket)
		check(err)
		fmt.Printf("moved %d; state %s; the next bucket: %d\n", moved, pumps.Stats().Workers[0].State, bucket)
	}
	<-started
	time.Sleep(500 * time.Millisecond)
	command(100)
	time.Sleep(500 * time.Millisecond)

	fmt.Println("pause: calls wait, too")
	check(pumps.Pause())
	time.Sleep(500 * time.Millisecond)
	check(pumps.Resume())
	<-started
	command(0) // a bad one
	time.Sleep(500 * time.Millisecond)
	command(-1) // and with this one it ends
	<-started
	fmt.Println("another process has taken its place")
	time.Sleep(500 * time.Millisecond)
	command(1)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
