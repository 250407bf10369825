// Simpletask is the example SimpleTask of lifo101/php-daemon: every fifth turn
// of the loop starts a task in a process of its own.
//
//	go run ./examples/ported/simpletask
package main

import (
	"context"
	"flag"
	"log"
	"time"

	"github.com/legion-go/legion"
)

// job runs in a process of its own, which ends with it.
func job(ctx context.Context, sleep time.Duration) (string, error) {
	legion.Logger(ctx).Info("the task runs in the background") // the log adds its pid
	time.Sleep(sleep)
	return "the task is done", nil
}

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	sleep := flag.Duration("sleep", 2*time.Second, "how long a task takes")
	flag.Parse()
	d := legion.New(legion.Config{Name: "simpletask"})
	// More than MaxRunning tasks wait for a place. php-daemon started any number.
	task := legion.Task(d, "job", job, legion.TaskOptions{MaxRunning: 4, Timeout: time.Minute})

	loop := 0
	d.Every(*every, func(ctx context.Context) error {
		loop++
		d.Logger().Info("loop", "turn", loop)
		if loop%5 == 0 {
			call := task.Go(ctx, *sleep) // returns at once
			call.Then(func(said string, err error) { d.Logger().Info("result", "said", said, "err", err) })
		}
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
