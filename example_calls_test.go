package legion_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// A future tells what becomes of its call, and a pool what has ended lately.
func ExampleFuture_Info() {
	d := legion.New(legion.Config{Name: "press", Logger: slog.New(slog.DiscardHandler)})
	print := legion.Worker(d, "print", func(_ context.Context, page int) (string, error) {
		return fmt.Sprint("page ", page), nil
	}, legion.Pool{Max: 1})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	page := print.Go(ctx, 7)
	<-page.Done()
	i := page.Info()
	fmt.Println("call", i.Call, "of", i.Func, "is", i.State, "and", i.Outcome, "after", i.Tries, "more tries")
	fmt.Println("it has waited:", i.Started.Sub(i.Queued) >= 0, "and has run:", i.Ended.Sub(i.Started) > 0)
	for _, c := range print.Pool().Recent().Calls {
		fmt.Println("recent:", c.Func, c.Outcome)
	}
	// Output:
	// call 1 of print is done and ok after 0 more tries
	// it has waited: true and has run: true
	// recent: print ok
}

// A reload may change the limits of a pool: those that are checked again and
// again, not those that a process gets at its start.
func ExampleSupervisor_Configure() {
	d := legion.New(legion.Config{Name: "mill", Logger: slog.New(slog.DiscardHandler)})
	grind := legion.Worker(d, "grind", func(_ context.Context, n int) (int, error) {
		return n / 2, nil
	}, legion.Pool{Max: 1})
	d.InProcess()
	legion.On(d, func(context.Context, event.Reload) error {
		return grind.Pool().Configure(func(p *legion.Pool) error { // read from a file, for instance
			p.Max, p.Queue, p.Timeout = 4, 100, time.Minute
			return nil
		})
	})

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	fmt.Println(d.Reload(ctx), grind.Pool().Stats().Max)
	fmt.Println(grind.Pool().Configure(func(p *legion.Pool) error {
		p.Nice = 5
		return nil
	}))
	// Output:
	// <nil> 4
	// legion: configuring pool grind: Pool.Nice cannot be changed while the pool runs: it is fixed by the declaration
}

// pump is a worker with a loop of its own.
type pump struct{}

func (p *pump) Loop(ctx context.Context) error {
	self := legion.Self(ctx)
	if self.Turns == 3 {
		legion.Logger(ctx).Info("third turn", "of", self.Pool, "number", self.Worker)
		return legion.EndLoop
	}
	return nil
}

// A worker knows which one it is, and the number of its turn.
func ExampleSelf() {
	heard := make(chan event.LoopStopped, 1)
	d := legion.New(legion.Config{Name: "waterworks", Logger: slog.New(slog.DiscardHandler)})
	legion.NewWorkers(d, "pump", func(context.Context) (*pump, error) { return &pump{}, nil },
		legion.Pool{LoopEvery: time.Millisecond, OnExit: legion.Ignore})
	legion.On(d, func(_ context.Context, e event.LoopStopped) error {
		select {
		case heard <- e:
		default:
		}
		return nil
	})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	e := <-heard
	fmt.Println(e.Pool, e.Worker)
	// Output: pump 1
}
