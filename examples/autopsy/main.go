// Autopsy calls a function that hangs, and shows the certificate of the
// worker's death: why, when what happened, and what the recorder has kept.
//
//	go run ./examples/autopsy
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/legion-go/legion"
)

// What a worker computes before it is killed is kept only with this.
import _ "github.com/legion-go/legion/profile"

func spin(_ context.Context, n int) (int, error) {
	for n > 0 {
		n++ // it hangs
	}
	return n, nil
}

func main() {
	d := legion.New(legion.Config{Name: "autopsy", Control: "none"})
	hangs := legion.Worker(d, "spin", spin,
		legion.Pool{Timeout: time.Second, Recorder: legion.Recorder{Window: 5 * time.Second}})
	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	if _, err := hangs.Call(ctx, 1); err != nil {
		fmt.Println("the call:", err)
	}
	for _, death := range d.Deaths() {
		fmt.Println("why:", death.Why)
		for _, m := range death.Timeline {
			fmt.Printf("  %s %s\n", m.At.Format("15:04:05.000"), m.What)
		}
		for _, b := range death.Blobs {
			fmt.Println("kept:", b.Name)
		}
	}
}
