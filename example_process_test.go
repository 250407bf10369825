package legion_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/legion-go/legion"
)

// decoder is a daemon and the function that is called in it.
type decoder struct {
	*legion.Daemon
	decode *legion.Func[string, int]
}

// declareDecoder is called in every process: in the daemon, and in each worker,
// which then serves. In a test binary TestMain sees to that; see package
// legiontest.
func declareDecoder() decoder {
	d := legion.New(legion.Config{Name: "decoder", Logger: slog.New(slog.DiscardHandler)})
	return decoder{d, legion.Worker(d, "decode", decode, legion.Pool{
		Max: 2, KillGrace: 50 * time.Millisecond, MemoryLimit: 256 << 20,
	})}
}

func decode(_ context.Context, file string) (int, error) {
	switch file {
	case "endless":
		for n := 0; ; n++ { // does not look at its context
		}
	case "broken":
		os.Exit(3)
	case "odd":
		panic("odd file")
	case "text":
		return 0, errors.New("not a picture")
	}
	return len(file), nil
}

// Whatever a function does, its caller gets one answer, which says what
// happened, and the next call works.
func Example() {
	d := declareDecoder()
	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // does not return in a worker
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for _, file := range []string{"fine", "endless", "broken", "odd", "text", "good"} {
		limit := time.Minute
		if file == "endless" {
			limit = 300 * time.Millisecond
		}
		short, cancel := context.WithTimeout(ctx, limit)
		n, err := d.decode.Call(short, file)
		cancel()
		var death *legion.WorkerError
		switch {
		case err == nil:
			fmt.Println(file, n)
		case errors.Is(err, legion.ErrTimeout):
			errors.As(err, &death)
			fmt.Println(file, "took too long; killed by:", death.KilledBy)
		case errors.Is(err, legion.ErrOutOfMemory):
			fmt.Println(file, "took too much memory")
		case errors.Is(err, legion.ErrCrashed):
			errors.As(err, &death)
			fmt.Println(file, "ended its worker; exit code:", death.ExitCode)
		case errors.Is(err, legion.ErrPanicked):
			text, place, _ := strings.Cut(err.Error(), ", in ")
			function, _, _ := strings.Cut(place, " (")
			fmt.Println(file, "is a bug:", text+", in", function)
		default:
			fmt.Println(file, "is refused:", err)
		}
	}
	// Output:
	// fine 4
	// endless took too long; killed by: deadline
	// broken ended its worker; exit code: 3
	// odd is a bug: legion: decode: function panicked: odd file, in legion_test.decode
	// text is refused: not a picture
	// good 4
}
