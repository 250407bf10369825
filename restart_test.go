package legion_test

import (
	"context"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

func TestRestartEvery(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := quiet("auto")
	c.RestartEvery = 5 * time.Millisecond
	d := legion.New(c)
	asked := make(chan string, 100)
	legion.On(d, func(_ context.Context, e event.AutoRestart) error {
		select {
		case asked <- e.Reason:
		default:
		}
		return legion.StopPropagation // veto
	})
	legiontest.Start(t, d)
	for range 3 {
		if reason := <-asked; reason != "RestartEvery" {
			t.Error(reason)
		}
	}
}

func TestRestartAfterPanic(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := quiet("auto")
	c.MinUptime = time.Millisecond
	d := legion.New(c)
	d.Every(2*time.Millisecond, func(context.Context) error { panic("again and again") })
	asked := make(chan string, 100)
	legion.On(d, func(_ context.Context, e event.AutoRestart) error {
		select {
		case asked <- e.Reason:
		default:
		}
		return legion.StopPropagation // veto
	})
	legiontest.Start(t, d)
	if reason := <-asked; reason != "a panic in a function of the loop" {
		t.Error(reason)
	}
}
