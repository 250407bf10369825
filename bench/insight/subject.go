//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/web/front"
)

// What a process of this program is told in its environment.
const (
	roleEnv    = "INSIGHT_ROLE" // daemon or front; "": it measures
	workersEnv = "INSIGHT_WORKERS"
	eventsEnv  = "INSIGHT_EVENTS"
	socketEnv  = "INSIGHT_SOCKET"
	dirEnv     = "INSIGHT_DIR"
)

const pools = 20

// happened is the event that comes often.
type happened struct{ Number int }

func busy(ctx context.Context, d time.Duration) (time.Duration, error) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return d, ctx.Err()
}

// runDaemon is the daemon: each of its workers runs one call after the other,
// of a second on average.
func runDaemon() error {
	workers, _ := strconv.Atoi(os.Getenv(workersEnv))
	events, _ := strconv.Atoi(os.Getenv(eventsEnv))
	d := legion.New(legion.Config{Name: "insight", RuntimeDir: os.Getenv(dirEnv), Control: "unix://" + os.Getenv(socketEnv), LogFile: os.DevNull})
	for i := range pools {
		n := max(workers/pools, 1)
		work := legion.Worker(d, fmt.Sprint("pool", i), busy, legion.Pool{Min: n, Max: n, BootTimeout: 5 * time.Minute})
		legion.On(d, func(context.Context, event.Started) error {
			for range n {
				go keepBusy(work)
			}
			return nil
		})
	}
	if events > 0 {
		d.Every(10*time.Millisecond, func(ctx context.Context) error {
			for i := range events / 100 {
				if err := legion.Emit(ctx, d, happened{i}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	if !legion.IsWorker() {
		go func() {
			defer end() // the one who measures has gone
			for in := bufio.NewScanner(os.Stdin); in.Scan(); {
				fmt.Println(profileTo(in.Text()))
			}
		}()
	}
	return d.Run(ctx)
}

// profileTo begins a CPU profile that goes to a file, and with "" ends it. It
// returns what went wrong in a line.
func profileTo(path string) (wrong string) {
	if path == "" {
		pprof.StopCPUProfile()
		return ""
	}
	f, err := os.Create(path) // open until the end of the process: profiles are few
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func keepBusy(work *legion.Func[time.Duration, time.Duration]) {
	for {
		if _, err := work.Call(context.Background(), rand.N(2*time.Second)); errors.Is(err, legion.ErrStopped) {
			return
		}
	}
}

// runFront is the server of the page. For each line that it reads it writes a
// link.
func runFront() error {
	f, err := front.Listen(front.At(os.Getenv(socketEnv)), front.LocalOptions{})
	if err != nil {
		return err
	}
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			fmt.Println(f.Link())
		}
		os.Exit(0) // who measures has gone
	}()
	return f.Serve(context.Background())
}
