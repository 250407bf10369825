package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/legion-go/legion/client"
)

func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT)
	defer stop()
	c, err := client.Dial(ctx, "thumbs", client.Options{})
	if err != nil {
		log.Fatal(err) // says what to do
	}
	defer c.Close()

	var status struct {
		State  string        `json:"state"`
		Uptime time.Duration `json:"uptime"`
	}
	if err := c.Call(ctx, "daemon.status", nil, &status); err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State, status.Uptime)

	type scale struct {
		Pool string `json:"pool"`
		Min  int    `json:"min"`
		Max  int    `json:"max"`
	}
	if err := c.Call(ctx, "pool.scale", scale{"resize", 2, 8}, nil); err != nil {
		log.Fatal(err)
	}
}

func ExampleStream() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT)
	defer stop()
	c, err := client.Dial(ctx, "thumbs", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	type record struct {
		Time    time.Time `json:"time"`
		Level   string    `json:"level"`
		Message string    `json:"message"`
	}
	last := map[string]int{"lines": 20}
	for r, err := range client.Stream[record](ctx, c, "log.follow", last) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Time, r.Level, r.Message)
	}
}

func ExampleNotRunningError() {
	_, err := client.Dial(context.Background(), "unix:///nowhere/control.sock", client.Options{})
	if absent, ok := errors.AsType[*client.NotRunningError](err); ok {
		fmt.Println("no process listens at", absent.Address)
	}
	// Output: no process listens at unix:///nowhere/control.sock
}

func ExampleList() {
	daemons, err := client.List()
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range daemons {
		if d.Err != nil {
			fmt.Println(d.Name, d.Address, d.Err)
			continue
		}
		fmt.Println(d.Name, d.Address, d.PID, d.State, d.Uptime)
	}
}

func ExampleClient_Batch() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "thumbs", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	var made int
	var hello struct {
		Version string `json:"version"`
	}
	requests := []*client.Request{
		{Method: "thumbs.made", Result: &made},
		{Method: "daemon.hello", Result: &hello},
	}
	if err := c.Batch(ctx, requests...); err != nil {
		log.Fatal(err)
	}
	for _, r := range requests {
		if r.Err != nil {
			log.Println(r.Method, r.Err)
		}
	}
	fmt.Println(made, hello.Version)
}
