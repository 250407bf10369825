package legion_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// A fatal error ends the daemon in good order, wherever it comes from, and Run
// returns it.
func TestFail(t *testing.T) {
	fatal := errors.New("the disk is gone")
	for name, fail := range map[string]func(*legion.Daemon){
		"loop": func(d *legion.Daemon) {
			d.Every(time.Hour, func(context.Context) error { d.Fail(fatal); return nil })
		},
		"handler": func(d *legion.Daemon) {
			legion.On(d, func(context.Context, event.Started) error { d.Fail(fatal); return nil })
		},
		"goroutine": func(d *legion.Daemon) {
			legion.On(d, func(context.Context, event.Started) error { go d.Fail(fatal); return nil })
		},
		"Init":             func(d *legion.Daemon) { d.Init(func(context.Context) error { d.Fail(fatal); return nil }) },
		"before the start": func(d *legion.Daemon) { d.Fail(fatal) },
		"Shutdown": func(d *legion.Daemon) {
			d.Every(time.Hour, func(context.Context) error { return d.Stop(context.Background()) })
			legion.On(d, func(context.Context, event.Shutdown) error { d.Fail(fatal); return nil })
		},
		"twice, the first counts": func(d *legion.Daemon) {
			d.Every(time.Hour, func(context.Context) error { d.Fail(fatal); d.Fail(errors.New("second")); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			d := legion.New(quiet("solo"))
			torn := false
			d.Teardown(func(context.Context) error { torn = true; return nil })
			fail(d)
			if err := d.Run(t.Context()); !errors.Is(err, fatal) {
				t.Errorf("Run: %v", err)
			}
			if err := d.Stop(t.Context()); !errors.Is(err, fatal) {
				t.Errorf("Stop: %v", err)
			}
			if torn == (name == "before the start") {
				t.Errorf("Teardown ran: %v", torn)
			}
		})
	}
}
