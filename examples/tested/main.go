// Tested shows a daemon laid out for tests: the declarations are in a function
// of its own, which main and the tests call.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/legion-go/legion"
)

// app is the daemon with the functions that are called.
type app struct {
	*legion.Daemon
	divide *legion.Func[division, int]
}

type division struct{ A, B int }

// errZero travels from a worker: it is registered.
var errZero = errors.New("division by zero")

func init() { legion.RegisterError("division_by_zero", errZero) }

func divide(_ context.Context, x division) (int, error) {
	switch {
	case x.B == 0:
		return 0, errZero
	case x.A == x.B:
		os.Exit(3) // a mistake for the tests to find
	}
	return x.A / x.B, nil
}

// declare is called in every process: it only declares.
func declare() *app {
	d := legion.New(legion.Config{Name: "divider"})
	return &app{
		Daemon: d,
		divide: legion.Worker(d, "divide", divide, legion.Pool{Max: 2, Timeout: time.Second}),
	}
}

func main() {
	a := declare()
	a.Every(time.Second, func(ctx context.Context) error {
		a.divide.Go(ctx, division{A: 84, B: 2}).Then(func(n int, err error) { fmt.Println(n, err) })
		return nil
	})
	if err := a.Run(context.Background()); err != nil { // until SIGINT or SIGTERM
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
