// Daemon is the daemon that the clients of the conformance tests talk to: one
// method for each kind of value, and for each kind of error. Its argument is
// the path of its Unix socket; it also listens on a TCP port of loopback, which
// daemon.status returns. It prints a line when clients can connect. It stops at
// the end of its standard input, so that it does not outlive the process that
// started it.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

type sum struct {
	A int `json:"a" usage:"the first"`
	B int `json:"b" usage:"the second"`
}

type text struct {
	Text string `json:"text"`
}

type none = struct{}

func main() {
	d := legion.New(legion.Config{Name: "conformance", Control: control()})

	legion.Method(d, "math.add", "Adds two numbers.", func(_ context.Context, in sum) (int, error) { return in.A + in.B, nil })
	legion.Method(d, "types.echo", "Returns what it is given.", func(_ context.Context, in any) (any, error) { return in, nil })
	legion.Method(d, "time.now", "What time it is.", func(context.Context, none) (time.Time, error) { return time.Now(), nil }, legion.Allow(legion.RoleRead))
	legion.Method(d, "time.echo", "Returns the time it is given.", func(_ context.Context, in time.Time) (time.Time, error) { return in, nil })
	legion.Method(d, "text.unhex", "Returns the bytes, given in hexadecimal, as text.", unhex)
	legion.Method(d, "blob.reverse", "Reverses bytes.", reverse)
	legion.Method(d, "fail", "Fails, with the text that it is given.", func(_ context.Context, in string) (none, error) { return none{}, errors.New(in) })
	legion.Method(d, "panics", "Panics.", func(context.Context, none) (none, error) { panic("as it was told to") })

	legion.Expose(d, legion.Worker(d, "text.upper", upper, legion.Pool{Max: 2}), legion.Help("Makes letters upper case."))
	legion.Expose(d, legion.Worker(d, "slow", slow, legion.Pool{Max: 2}), legion.Help("Takes so many seconds."))
	legion.StreamWorker(d, "count", count, legion.Pool{Max: 4})

	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("started")
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			_ = d.Stop(context.Background())
		}()
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// control is where the daemon listens. Worker processes have no arguments, and
// do not listen.
func control() string {
	if len(os.Args) != 2 {
		return ""
	}
	return "unix://" + os.Args[1] + " tcp://127.0.0.1:0?anyone=operate"
}

func unhex(_ context.Context, in string) (string, error) {
	b, err := hex.DecodeString(in)
	return string(b), err
}

func reverse(_ context.Context, in []byte) ([]byte, error) {
	slices.Reverse(in)
	return in, nil
}

func upper(_ context.Context, in text) (string, error) { return strings.ToUpper(in.Text), nil }

func slow(ctx context.Context, in time.Duration) (bool, error) {
	select {
	case <-time.After(in):
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// count yields the numbers from 1 to last; if last is 0, it goes on without an
// end, more slowly.
func count(ctx context.Context, last int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 1; last == 0 || i <= last; i++ {
			if !yield(i, nil) {
				return
			}
			if last != 0 {
				continue
			}
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	}
}
