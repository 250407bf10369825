package main

import (
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

func TestDeath(t *testing.T) {
	legiontest.CheckLeaks(t) // fails the test if a process, descriptor or goroutine is left behind
	a := declare()
	legiontest.Start(t, a.Daemon) // stops it, too
	_, err := a.divide.Call(t.Context(), division{A: 7, B: 7})
	var death *legion.WorkerError
	if !errors.Is(err, legion.ErrCrashed) || !errors.As(err, &death) || death.ExitCode != 3 {
		t.Errorf("got %v", err)
	}
	if n, err := a.divide.Call(t.Context(), division{A: 84, B: 2}); n != 42 || err != nil {
		t.Errorf("after a death: %d, %v", n, err)
	}
}

func TestWithoutProcesses(t *testing.T) {
	a := declare()
	a.InProcess() // workers are goroutines: a debugger sees them
	legiontest.Start(t, a.Daemon)
	if _, err := a.divide.Call(t.Context(), division{A: 1}); !errors.Is(err, errZero) {
		t.Errorf("got %v", err)
	}
}
