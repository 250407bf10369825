// Tasks is the example Tasks of shaneharter/PHP-Daemon: on the fifteenth turn
// the loop starts a function, and one with a setup, each in a process of its
// own.
//
//	go run ./examples/ported/tasks
package main

import (
	"context"
	"flag"
	"log"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/lock"
)

type nap struct {
	Length  time.Duration
	Message string
}

// sleep is a task: a function. setup would be its beginning, and teardown a
// defer.
func sleep(ctx context.Context, n nap) (struct{}, error) {
	legion.Logger(ctx).Info("sleeping", "for", n.Length)
	time.Sleep(n.Length)
	if n.Message != "" {
		legion.Logger(ctx).Info(n.Message)
	}
	return struct{}{}, nil
}

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	length := flag.Duration("sleep", 20*time.Second, "how long a task takes")
	flag.Parse()
	d := legion.New(legion.Config{Name: "tasks"})
	d.Use(lock.File(""))
	task := legion.Task(d, "sleep", sleep, legion.TaskOptions{MaxRunning: 10})
	loop := 0
	d.Every(*every, func(ctx context.Context) error {
		if loop++; loop == 15 {
			d.Logger().Info("creating sleepy tasks")
			task.Go(ctx, nap{Length: *length})
			task.Go(ctx, nap{Length: *length, Message: "good morning"})
		}
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
