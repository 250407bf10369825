// Ported is the Go side of docs/coming-from-php.md: the examples of two PHP
// libraries for daemons, lifo101/php-daemon and comodojo/daemon, as one daemon. It
// ends after ten turns of its loop.
//
//	go run ./examples/ported run
package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/lock"
)

func main() { // runs in every process of the daemon: declare, then Main
	d := legion.New(legion.Config{
		Name:         "ported",
		LogLevel:     slog.LevelWarn,   // the rest would hide what it prints
		RestartEvery: 24 * time.Hour,   // setAutoRestartInterval
		MinUptime:    10 * time.Second, // setMinRestartThreshold
	})
	loop(d)
	workers(d)
	tasks(d)
	looping(d)
	events(d)
	signals(d)
	methods(d)
	d.Use(lock.File(""))                             // addPlugin(FileLock)
	d.Use(&memoryPlugin{interval: 10 * time.Second}) // addPlugin(MemoryPlugin)
	cli.Main(d)
}

func loop(d *legion.Daemon) {
	iterations := 0 // needs no lock: everything that uses it runs on the daemon's one loop

	d.Init(func(context.Context) error { // initialize
		fmt.Println("hello")
		return nil
	})
	d.Every(200*time.Millisecond, func(ctx context.Context) error { // execute
		iterations++
		fmt.Println("loop", iterations)
		if iterations == 10 {
			return d.Stop(ctx) // on the loop it only begins to stop
		}
		return nil
	})
	d.Teardown(func(context.Context) error { // teardown
		fmt.Println("goodbye")
		return nil
	})
}
