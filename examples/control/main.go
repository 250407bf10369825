// Control adds methods of its own to the control socket.
//
//	go run ./examples/control run
//
// and in another terminal
//
//	legion rpc call thumbs thumbs.quality '{"percent": 90}'
//	legion rpc call thumbs resize '"/tmp/a.jpg"'
//	legion rpc help thumbs thumbs.quality
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/event"
)

type quality struct {
	Percent int  `json:"percent" usage:"1 to 100"`
	Lasting bool `json:"lasting,omitzero" usage:"also after a restart"` // may be left out
}

func resize(_ context.Context, path string) (string, error) { return path + ".thumb", nil }

func declare(d *legion.Daemon) {
	resized := legion.Worker(d, "resize", resize, legion.Pool{Max: 4})
	legion.Expose(d, resized, legion.Help("Makes a thumbnail.")) // in a worker, beside the loop

	percent := 80 // no lock: methods run on the loop
	legion.Method(d, "thumbs.quality", "Sets the quality of thumbnails", func(_ context.Context, q quality) (int, error) {
		if q.Percent < 1 || q.Percent > 100 {
			return 0, &legion.MethodError{Code: 1, Message: fmt.Sprintf("%d is not a quality", q.Percent)}
		}
		before := percent
		percent = q.Percent
		return before, nil
	})
	legion.Method(d, "thumbs.current", "The quality of thumbnails", func(context.Context, struct{}) (int, error) {
		return percent, nil
	}, legion.Allow(legion.RoleRead))
}

func main() {
	config := legion.Config{Name: "thumbs"}
	if os.Getenv("THUMBS_REMOTE") != "" {
		config = remote()
	}
	d := legion.New(config)
	declare(d)
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("thumbs is ready")
		return nil
	})
	cli.Main(d)
}
