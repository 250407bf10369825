// Plugin shows plugins: a lock that keeps the daemon from running twice, a
// plugin of the program's own with every method that a plugin may have, and one
// that is made when it is first used. The program starts itself a second time,
// which fails.
//
//	go run ./examples/plugin
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/lock"
)

// clock is a plugin. It needs a name; the other methods are as needed.
type clock struct{ since time.Time }

func (c *clock) Name() string { return "clock" }

// Attach is called by d.Use: the place to declare.
func (c *clock) Attach(d *legion.Daemon) error {
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("clock: the daemon is ready")
		return nil
	})
	return nil
}

// Start comes before Init and the workers. An error would be that of the start.
func (c *clock) Start(context.Context) error {
	c.since = time.Now()
	fmt.Println("clock: started")
	return nil
}

func (c *clock) Reload(context.Context) error { fmt.Println("clock: reloaded"); return nil }
func (c *clock) Stop(context.Context) error   { fmt.Println("clock: stopped"); return nil }
func (c *clock) Stats() any                   { return time.Since(c.since).Round(time.Hour) }

// cache is a plugin that is made late.
type cache struct{ entries map[string]int }

func newCache() (*cache, error) {
	fmt.Println("cache: made, because it is asked for")
	return &cache{entries: map[string]int{"answer": 42}}, nil
}

func (c *cache) Name() string { return "cache" }

func main() {
	dir := flag.String("dir", "", "the runtime folder, with the lock in it; default: a temporary one")
	flag.Parse()
	first := *dir == ""
	if first {
		*dir, _ = os.MkdirTemp("", "plugin") // there are no workers, which would make one, too
		defer os.RemoveAll(*dir)
	}
	d := legion.New(legion.Config{Name: "plugin", RuntimeDir: *dir, LogLevel: slog.LevelWarn})
	d.Use(lock.File("")) // plugin.lock in the runtime folder
	d.Use(&clock{})
	d.UseLazy("cache", newCache)

	ctx := context.Background()
	check(d.Start(ctx)) // the second process fails here
	fmt.Println("the lock is held by process", os.Getpid())
	if first {
		fmt.Println("starting it a second time:")
		second := exec.Command(os.Args[0], "-dir", *dir)
		second.Stdout, second.Stderr = os.Stdout, os.Stdout
		fmt.Println("that ended with", second.Run())
	}
	c, err := legion.Find[*cache](d)
	check(err)
	fmt.Println("main: the answer is", c.entries["answer"])
	check(d.Reload(ctx)) // what SIGHUP does under d.Run
	fmt.Println("main: the statistics of the plugins:", d.Stats().Plugins)
	check(d.Stop(ctx))
	fmt.Println("main: stopped, and the lock is free")
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
