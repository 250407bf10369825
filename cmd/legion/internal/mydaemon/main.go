// Mydaemon is a daemon made with Legion: worker processes count words, and its
// loop keeps the sum.
package main

import (
	"context"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/lock"
	"github.com/legion-go/legion/systemd"
)

// count runs in a worker process. If it hangs, crashes or takes too much
// memory, that costs one process: the caller gets an error that says what
// happened, and the daemon goes on.
func count(_ context.Context, text string) (int, error) {
	return len(strings.Fields(text)), nil
}

// app is the daemon with the functions that are called.
type app struct {
	*legion.Daemon
	count *legion.Func[string, int]
}

// declare is called in every process of the daemon, its workers and tests too:
// it only declares.
func declare() *app {
	d := legion.New(legion.Config{Name: "mydaemon"})
	a := &app{
		Daemon: d,
		count:  legion.Worker(d, "count", count, legion.Pool{Max: 4, Timeout: 5 * time.Second, MemoryLimit: 256 << 20}),
	}

	total := 0 // needs no lock: only functions on the daemon's one loop use it
	d.Every(10*time.Second, func(ctx context.Context) error {
		a.count.Go(ctx, "every ten seconds five words").Then(func(n int, err error) {
			if err != nil {
				d.Logger().Error("counting", "err", err)
				return
			}
			total += n
			d.Logger().Info("counted", "words", n, "total", total)
		})
		return nil
	})
	legion.Method(d, "words.total", "How many words have been counted.", func(context.Context, struct{}) (int, error) {
		return total, nil
	}, legion.Allow(legion.RoleRead))
	return a
}

func main() { // runs in the workers, too: declare, then Main
	a := declare()
	a.Use(lock.File(""))                  // keeps a second daemon from starting
	a.Use(systemd.New(systemd.Options{})) // does nothing elsewhere
	cli.Main(a.Daemon)
}
