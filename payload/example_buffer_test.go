package payload_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/payload"
)

// A file is read straight into memory that the daemon shares with a worker. The
// worker changes it in place, and the daemon reads the result there: nothing of
// it is copied.
func ExampleBuffer() {
	d := legion.New(legion.Config{Name: "negatives", Logger: slog.New(slog.DiscardHandler)})
	invert := legion.Worker(d, "invert", func(_ context.Context, picture *payload.Buffer) (*payload.Buffer, error) {
		if picture.Len() == 0 {
			return nil, errors.New("no picture")
		}
		for i, c := range picture.Bytes() {
			picture.Bytes()[i] = 'a' + 'z' - c
		}
		return picture, nil
	}, legion.Pool{Max: 1})
	d.InProcess() // so that the example can run by itself: workers are goroutines

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)

	file := strings.NewReader("picture") // an *os.File, usually
	b, err := invert.Pool().NewBuffer(int(file.Size()))
	if err != nil {
		log.Fatal(err)
	}
	b.Truncate(0)
	if _, err := b.ReadFrom(file); err != nil {
		log.Fatal(err)
	}
	out, err := invert.Call(ctx, b) // consumes b
	if err != nil {
		log.Fatal(err)
	}
	defer out.Release()
	fmt.Printf("%s\n", out.Bytes())
	// Output: krxgfiv
}
