// Metrics shows a daemon to Prometheus: Legion's own figures and two of the
// program's, which are counted in workers.
//
//	go run ./examples/metrics         prints some of them, and ends
//	go run ./examples/metrics serve   works until Ctrl-C; curl http://127.0.0.1:7070/metrics,
//	                                  or http://127.0.0.1:7071 from a server of the program's own
//	go run ./examples/metrics remote  needs the files that remote.go names
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/httpserve"
	"github.com/legion-go/legion/meter"
	"github.com/legion-go/legion/metrics"
)

// Every process declares the same instruments. The label pool comes by itself.
var (
	made  = meter.NewCounter("thumbs_made_total", "Thumbnails made.", "format")
	sizes = meter.NewHistogram("thumbs_size_bytes", "Size of a thumbnail.", []float64{1 << 10, 4 << 10, 16 << 10, 64 << 10})
)

// thumb runs in a worker.
func thumb(_ context.Context, format string) (int, error) {
	if format == "bmp" {
		return 0, errors.New("no thumbnail of a bmp")
	}
	size := rand.IntN(32 << 10)
	made.With(format).Inc()
	sizes.Observe(float64(size))
	return size, nil
}

func main() {
	mode := strings.Join(os.Args[1:], " ")
	c := legion.Config{Name: "thumbs", LogLevel: slog.LevelWarn, Control: "none"}
	switch mode {
	case "serve":
		c.Control = "tcp://127.0.0.1:7070?anyone=read" // every user of this machine
	case "remote":
		c = remote()
	}
	d := legion.New(c)
	thumbs := legion.Worker(d, "thumb", thumb, legion.Pool{Min: 2, Max: 4})
	endpoint := &metrics.Endpoint{}
	d.Use(endpoint)
	if mode == "serve" {
		httpserve.Serve(d, "tcp", "127.0.0.1:7071", &http.Server{Handler: handler(endpoint)}, httpserve.Options{})
	}

	ended := 0
	d.Every(100*time.Millisecond, func(ctx context.Context) error {
		for _, format := range []string{"jpeg", "png", "jpeg", "bmp"} {
			thumbs.Go(ctx, format).Then(func(_ int, err error) {
				if ended++; ended == 4 && mode == "" {
					show(endpoint)
					_ = d.Stop(ctx) // on the loop it only begins to stop
				}
			})
		}
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// show prints some metrics. A handler of your own HTTP server writes all of
// them in the same way.
func show(endpoint *metrics.Endpoint) {
	var text bytes.Buffer
	if err := endpoint.Write(&text, metrics.Text); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	for line := range strings.Lines(text.String()) {
		for _, wanted := range []string{"thumbs_made_total", "legion_calls_total", "legion_pool_workers_m"} {
			if strings.HasPrefix(line, wanted) && !strings.HasSuffix(line, " 0\n") {
				fmt.Print(line)
			}
		}
	}
}
