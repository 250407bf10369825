package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"os"

	"github.com/legion-go/legion"
)

func init() {
	unlike = append(unlike, func() *legion.Daemon { return declareLocked().Daemon })
}

// locked is a daemon with a function that does more than it says.
type locked struct {
	*legion.Daemon
	measure *legion.Func[string, int]
}

func declareLocked() locked {
	d := legion.New(legion.Config{Name: "locked", Logger: slog.New(slog.DiscardHandler)})
	return locked{d, legion.Worker(d, "measure", measure, legion.Pool{Sandbox: legion.Locked()})}
}

func measure(_ context.Context, text string) (int, error) {
	if text == "hostile" { // a hole in the decoder is used
		b, err := os.ReadFile("/etc/passwd")
		return len(b), err
	}
	return len(text), nil
}

// The functions of a locked pool compute, and do nothing else.
func ExampleLocked() {
	d := declareLocked()
	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // fails if this system cannot hold the sandbox
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for _, text := range []string{"fine", "hostile", "good"} {
		n, err := d.measure.Call(ctx, text)
		switch {
		case errors.Is(err, fs.ErrPermission):
			fmt.Println(text, "is refused:", err)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(text, n)
		}
	}
	// Output:
	// fine 4
	// hostile is refused: open /etc/passwd: operation not permitted (the sandbox of pool measure does not name /etc/passwd (Sandbox.Read, Write))
	// good 4
}
