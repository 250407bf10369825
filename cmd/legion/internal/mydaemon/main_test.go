package main

import (
	"context"
	"errors"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// The workers of a test are the test binary, started again. This makes them
// serve instead of running the tests.
func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { return declare().Daemon })
}

// forTest is the daemon without a control socket: a running daemon may have
// made it already.
func forTest(t *testing.T) *app {
	t.Helper()
	a := declare()
	err := a.Configure(func(c *legion.Config) error {
		c.Control = "none"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCount(t *testing.T) {
	legiontest.CheckLeaks(t) // fails the test if it leaves a process or anything else behind
	a := forTest(t)
	legiontest.Start(t, a.Daemon) // with real worker processes
	for text, want := range map[string]int{"": 0, "one": 1, " two\nwords ": 2} {
		if got, err := a.count.Call(t.Context(), text); got != want || err != nil {
			t.Errorf("count(%q) is %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestCanceled(t *testing.T) {
	a := forTest(t)
	a.InProcess() // workers are goroutines: quicker, and a debugger sees them
	legiontest.Start(t, a.Daemon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.count.Call(ctx, "words"); !errors.Is(err, legion.ErrCanceled) {
		t.Errorf("got %v, want an error that matches ErrCanceled", err)
	}
}
