// Helloworld is the example HelloWorld of lifo101/php-daemon: a loop that logs,
// until Ctrl-C.
//
//	go run ./examples/ported/helloworld
package main

import (
	"context"
	"flag"
	"log"
	"time"

	"github.com/legion-go/legion"
)

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	flag.Parse()
	d := legion.New(legion.Config{Name: "helloworld"})
	loop := 0 // needs no lock: everything that uses it runs on the daemon's one loop
	d.Every(*every, func(context.Context) error {
		loop++
		d.Logger().Info("Hello World", "loop", loop)
		if loop == 10 {
			d.Logger().Info("nothing else is going to happen")
		}
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
