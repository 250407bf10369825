package payload_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/payload"
)

// The function borrows its argument and writes its result into scratch memory;
// the caller gives memory for the result: no part of a call needs fresh memory.
func Example() {
	d := legion.New(legion.Config{Name: "shouting", Logger: slog.New(slog.DiscardHandler)})
	shout := legion.Worker(d, "shout", func(ctx context.Context, text payload.Lent) ([]byte, error) {
		out := bytes.NewBuffer(payload.Scratch(ctx, len(text)+1))
		out.Write(bytes.ToUpper(text))
		out.WriteByte('!')
		return out.Bytes(), nil
	}, legion.Pool{Max: 1})
	d.InProcess() // so that the example can run by itself: workers are goroutines

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	var out []byte // used again for each result
	for _, text := range []string{"one", "two"} {
		if err := shout.CallInto(ctx, payload.Lent(text), &out); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", out)
	}
	// Output:
	// ONE!
	// TWO!
}
