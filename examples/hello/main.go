// Hello calls a function in worker processes, and shows that one of them can
// die without ending the daemon.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/legion-go/legion"
)

func greet(_ context.Context, name string) (string, error) {
	if name == "" {
		os.Exit(7) // what no goroutine survives
	}
	return fmt.Sprintf("Hello %s, from process %d", name, os.Getpid()), nil
}

func main() { // runs in every process of the daemon: declare, then start
	d := legion.New(legion.Config{Name: "hello"})
	hello := legion.Worker(d, "greet", greet, legion.Pool{Max: 2})

	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // worker processes never return from Start
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, name := range []string{"Ada", "", "Grace"} {
		text, err := hello.Call(ctx, name)
		fmt.Println(text, err)
	}
	d.Stop(ctx)
}
