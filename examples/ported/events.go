package main

import (
	"context"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/legion-go/legion"
)

// Events of one's own may be of any Go type.
type (
	dusk struct{}
	dawn struct{ Hour int }
)

func events(d *legion.Daemon) {
	night := false
	off := legion.On(d, func(_ context.Context, e legion.PreExecute) error {
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
		off() // takes the handler off
		d.Logger().Info("good morning", "hour", e.Hour)
		return nil
	})
	legion.On(d, func(ctx context.Context, _ legion.Started) error {
		if err := legion.Emit(ctx, d, dusk{}); err != nil { // dispatch: returns when its handlers have
			return err
		}
		return legion.Emit(ctx, d, dawn{Hour: 6})
	})
	legion.On(d, func(_ context.Context, l *legion.Log) error { // ON_LOG
		l.Record.AddAttrs(slog.Bool("ported", true))
		return nil
	})
	legion.On(d, func(_ context.Context, s *legion.Stats) error { // ON_STATS
		s.Extra["night"] = night
		return nil
	})
	legion.On(d, func(_ context.Context, e legion.WorkerExited) error { // ON_REAPED
		if !e.Expected {
			d.Logger().Warn("a worker has died", "pool", e.Pool, "how", e.How)
		}
		return nil
	})
}

func signals(d *legion.Daemon) {
	legion.On(d, func(_ context.Context, s legion.Signal) error {
		fmt.Println("signal", int(s.Signal), s.Name(), "for the", s.Count, "time")
		if s.Signal == syscall.SIGINT && s.Count == 1 {
			return legion.StopPropagation // setShutdownOnInterrupt(false): the first one is ours
		}
		return nil
	})
}
