package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/legion-go/legion"
)

func square(_ context.Context, n int) (int, error) { // runs in a worker process
	for n > 1000 {
		n++ // it hangs
	}
	if n < 0 {
		os.Exit(1) // it dies
	}
	return n * n, nil
}

func main() { // runs in the workers, too: declare, then start
	d := legion.New(legion.Config{Name: "squares"})
	squares := legion.Worker(d, "square", square, legion.Pool{Max: 2, Timeout: time.Second, MemoryLimit: 256 << 20})

	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // does not return in a worker
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for _, n := range []int{12, 5000, -1, 13} {
		if result, err := squares.Call(ctx, n); err != nil {
			fmt.Println(n, "failed:", err)
		} else {
			fmt.Println(n, "squared is", result)
		}
	}
}
