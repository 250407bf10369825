// Counted counts in its workers, and loses nothing when one of them dies.
//
//	go run ./examples/counted
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/meter"
)

// Every process of the program has these variables. What workers count in them,
// the daemon sees.
var (
	begun = meter.NewCounter("thumbs_begun_total", "Thumbnails begun, by format.", "format")
	sizes = meter.NewHistogram("thumbs_size_bytes", "Sizes of thumbnails.", []float64{1000, 10_000, 100_000})
)

func thumb(_ context.Context, picture string) (string, error) {
	begun.With(filepath.Ext(picture)).Inc()
	if picture == "broken.png" {
		os.Exit(1) // as a library in C might
	}
	sizes.Observe(4096)
	return picture + ".thumb", nil
}

func main() {
	d := legion.New(legion.Config{Name: "counted", Control: "none"})
	thumbs := legion.Worker(d, "thumb", thumb, legion.Pool{Max: 2})
	if err := d.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, picture := range []string{"a.jpg", "b.png", "broken.png", "c.jpg"} {
		_, err := thumbs.Call(context.Background(), picture)
		fmt.Println(picture, "error:", err)
	}
	for _, f := range meter.Gather() {
		for _, s := range f.Series {
			fmt.Printf("%s in pool %q, %v: %v %v\n", f.Name, s.Pool, s.Values, s.Value, s.Counts)
		}
	}
	_ = d.Stop(context.Background())
}
