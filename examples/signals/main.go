// Signals shows what a daemon does with signals, and how a program changes
// that: it handles all of them as events, gives one another meaning, takes one
// for itself and ignores another. It sends them to itself, one after the other;
// signals from kill have the same effect.
//
//	go run ./examples/signals
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

func main() {
	d := legion.New(legion.Config{
		Name:     "signals",
		LogLevel: slog.LevelWarn, // this program prints everything itself
		Signals: map[syscall.Signal]legion.SignalAction{
			syscall.SIGINT:  legion.SignalEvent,  // ours: it does not stop the daemon
			syscall.SIGUSR2: legion.SignalIgnore, // no upgrades
		},
	})
	// Handlers run on the daemon's one loop, as Every does: no two at the same
	// time.
	legion.On(d, func(_ context.Context, s event.Signal) error {
		fmt.Printf("  event: %s, number %d of its kind\n", s.Name(), s.Count)
		return nil
	}, legion.Priority(1)) // before the others
	legion.On(d, func(_ context.Context, s event.Signal) error {
		if s.Signal != syscall.SIGUSR1 {
			return nil
		}
		fmt.Println("  a handler makes something else of it: no statistics in the log")
		return legion.StopPropagation
	})
	legion.On(d, func(context.Context, event.Reload) error {
		fmt.Println("  Reload: the place to read a configuration again")
		return nil
	})
	legion.On(d, func(_ context.Context, r event.Reloaded) error {
		fmt.Println("  Reloaded, error:", r.Err)
		return nil
	})
	legion.On(d, func(_ context.Context, s event.Shutdown) error {
		fmt.Println("  Shutdown because of", s.Reason)
		return nil
	})

	lessons := []struct {
		signal  syscall.Signal
		meaning string
	}{
		{syscall.SIGWINCH, "has no default: it is an event only"},
		{syscall.SIGUSR1, "logs the statistics, unless a handler stops that"},
		{syscall.SIGUSR2, "starts an upgrade, but is ignored here: not even an event"},
		{syscall.SIGINT, "stops the daemon, but is only an event here"},
		{syscall.SIGINT, "again: the event counts"},
		{syscall.SIGHUP, "reloads: configuration, log files, workers"},
		{syscall.SIGTERM, "stops the daemon"},
	}
	d.Every(300*time.Millisecond, func(context.Context) error {
		if len(lessons) == 0 {
			return nil // the last is on its way
		}
		next := lessons[0]
		lessons = lessons[1:]
		fmt.Printf("%s %s\n", event.Signal{Signal: next.signal}.Name(), next.meaning)
		return syscall.Kill(os.Getpid(), next.signal)
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("the daemon has stopped, and main goes on")
}
