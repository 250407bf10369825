// Events shows handlers: of Legion's events and of the program's own types,
// with a veto, a change to an event, and removal.
//
//	go run ./examples/events
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

// A program's own events may be of any Go type.
type (
	dusk struct{}
	dawn struct{ Hour int }
)

func fragile(context.Context, struct{}) (int, error) {
	os.Exit(1)
	return 0, nil
}

func events(d *legion.Daemon) {
	night := false
	off := legion.On(d, func(_ context.Context, e event.PreExecute) error {
		if night {
			return legion.StopPropagation // leaves out this turn of the loop
		}
		return nil
	}, legion.Priority(10)) // higher is earlier, as in PHP

	legion.On(d, func(context.Context, dusk) error {
		night = true
		return nil
	})
	legion.On(d, func(_ context.Context, e dawn) error {
		off() // removes the handler
		fmt.Println("good morning, it is", e.Hour)
		return nil
	})
	legion.On(d, func(ctx context.Context, _ event.Started) error {
		if err := legion.Emit(ctx, d, dusk{}); err != nil { // dispatch: returns when its handlers have
			return err
		}
		fmt.Println("good night:", night)
		return legion.Emit(ctx, d, dawn{Hour: 6})
	})
	legion.On(d, func(_ context.Context, l *event.Log) error { // ON_LOG
		l.Record.AddAttrs(slog.Bool("ported", true))
		return nil
	})
	legion.On(d, func(_ context.Context, s *status.Stats) error { // ON_STATS
		s.Extra["night"] = night
		return nil
	})
	legion.On(d, func(_ context.Context, e event.WorkerExited) error { // ON_REAPED
		if !e.Expected {
			fmt.Println("a worker has died:", e.Pool, e.How)
		}
		return nil
	})
}

func main() {
	d := legion.New(legion.Config{Name: "events"})
	events(d)
	workers := legion.Worker(d, "fragile", fragile, legion.Pool{Max: 1})
	turns := 0
	d.Every(10*time.Millisecond, func(ctx context.Context) error {
		if turns++; turns < 3 {
			return nil
		}
		_, err := workers.Call(ctx, struct{}{})
		fmt.Println("called, failed:", err != nil, "night in the statistics:", d.Stats().Extra["night"])
		return d.Stop(ctx) // on the loop it only begins to stop
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
