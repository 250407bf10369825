// Cron shows functions that a daemon calls by the clock: at an interval that
// does not drift, as often as there is time, and at the times of cron
// expressions. One of them is slow once, which delays the others and shows in
// the statistics.
//
//	go run ./examples/cron
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"
	_ "time/tzdata" // embeds the time zones: a container may have none

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

func main() {
	d := legion.New(legion.Config{Name: "cron", LogLevel: slog.LevelWarn, MinPause: 50 * time.Millisecond})
	begin := time.Now()
	say := func(format string, args ...any) {
		fmt.Printf("%5.2fs  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}

	// All of these run on the daemon's one loop, one at a time: they need no locks.
	ticks, turns := 0, 0
	d.Every(400*time.Millisecond, func(ctx context.Context) error {
		ticks++
		switch ticks {
		case 3:
			say("every 400ms: tick 3 takes a second: the next will be late, and the one after that is missed")
			time.Sleep(time.Second)
		case 8:
			say("every 400ms: tick 8 is the last")
			return d.Stop(ctx) // on the loop it only begins to stop
		default:
			say("every 400ms: tick %d, on the schedule of the first: no drift", ticks)
		}
		return nil
	})
	d.Every(0, func(context.Context) error { // again and again, MinPause between two
		turns++
		return nil
	})
	d.Cron("* * * * * *", func(context.Context) error {
		say("cron * * * * * *: each second of the wall clock, now %s", time.Now().Format("15:04:05.00"))
		return nil
	})
	d.Cron("TZ=Europe/Berlin 30 6 * * MON-FRI", func(context.Context) error {
		say("cron: half past six in Berlin, and a workday. You are lucky")
		return nil
	})
	legion.On(d, func(_ context.Context, o event.Overrun) error {
		say("event Overrun: %s took %v", o.Loop, o.Took.Round(time.Millisecond))
		return nil
	})

	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := d.Stats().Loop
	fmt.Printf("%d turns of the loop without interval; in all %d calls, %d missed, %d overruns\n", turns, s.Ticks, s.Missed, s.Overruns)
}
