package main

import (
	"context"
	"fmt"
	"time"

	"github.com/legion-go/legion"
)

type letter struct{ To, Subject string }

// send runs in a process of its own, which ends with it.
func send(ctx context.Context, l letter) (string, error) {
	legion.Logger(ctx).Info("sending", "to", l.To)
	time.Sleep(100 * time.Millisecond)
	return "sent to " + l.To, nil
}

func tasks(d *legion.Daemon) {
	mail := legion.Task(d, "mail", send, legion.TaskOptions{MaxRunning: 4, Timeout: time.Minute})

	d.Every(time.Second, func(ctx context.Context) error {
		call := mail.Go(ctx, letter{To: "ada@example.org", Subject: "hello"}) // returns at once
		call.Then(func(said string, err error) { fmt.Println("task", said, err) })
		d.Logger().Debug("a task", "state", call.State(), "pid", call.PID()) // pid 0: it has no process yet
		return nil
	})
}
