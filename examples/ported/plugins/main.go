// Plugins is the example Plugins of lifo101/php-daemon: a lock, a plugin that
// reports the memory, and a loop that takes some. Start it twice to see the
// lock.
//
//	go run ./examples/ported/plugins
package main

import (
	"bytes"
	"context"
	"flag"
	"log"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/lock"
)

func main() {
	every := flag.Duration("every", time.Second, "the loop's `interval`")
	report := flag.Duration("report", 5*time.Second, "the `interval` of the memory plugin")
	flag.Parse()
	d := legion.New(legion.Config{Name: "plugins"})
	d.Use(lock.File(""))                    // addPlugin(FileLock)
	d.Use(&memoryPlugin{interval: *report}) // addPlugin(MemoryPlugin)

	var trash [][]byte
	d.Every(*every, func(context.Context) error {
		trash = append(trash, bytes.Repeat([]byte{1}, 64<<10))
		d.Logger().Info("loop", "trash", len(trash))
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
