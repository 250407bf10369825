// Dashboard shows a daemon in the browser, at an address of the daemon's own.
// It prints what to open, and the token to sign in with.
//
//	go run ./examples/dashboard
//
// Another machine reaches it with -at tcp://0.0.0.0:7070 and TLS:
// docs/dashboard.md.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/web"
)

func root(_ context.Context, x float64) (float64, error) { return math.Sqrt(x), nil }

func main() {
	at := flag.String("at", "tcp://127.0.0.1:7070", "the `address` of the dashboard")
	cache, _ := os.UserCacheDir() // without one it is the working directory
	file := flag.String("token", filepath.Join(cache, "dashboard.token"), "the `file` with the token, made if it is missing")
	flag.Parse()
	if !legion.IsWorker() {
		check(makeToken(*file))
	}

	d := legion.New(legion.Config{
		Name:    "shown",
		Control: "unix: " + *at,
		Access:  map[string]legion.Role{"token-file:" + *file: legion.RoleAdmin},
	})
	d.Use(web.Dashboard())
	roots := legion.Worker(d, "root", root, legion.Pool{Min: 1, Max: 2})
	d.Every(100*time.Millisecond, func(ctx context.Context) error { // so that there is something to see
		roots.Go(ctx, 9)
		return nil
	})
	legion.On(d, func(context.Context, event.Started) error {
		addresses, err := d.ControlAddresses()
		if err != nil {
			return err
		}
		host, _ := strings.CutPrefix(addresses[1], "tcp://")
		fmt.Printf("open http://%s/ui/ and sign in with the token in %s\n", host, *file)
		return nil
	})
	check(d.Run(context.Background()))
}

// makeToken writes a token that nobody can guess, for the owner's eyes alone.
func makeToken(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, rand.Text())
	return err
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
