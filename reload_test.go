package legion_test

import (
	"context"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

func TestReload(t *testing.T) {
	legiontest.CheckLeaks(t)
	var life []string
	k := newKit(legion.Pool{Min: 2, Max: 2})
	k.d.Use(&part{name: "a", life: &life})
	reloads := make(chan error, 10)
	legion.On(k.d, func(_ context.Context, e legion.Reloaded) error { reloads <- e.Err; return nil })
	k.start(t)
	pool, err := k.d.Pool("main")
	if err != nil {
		t.Fatal(err)
	}
	before := pool.Stats().Workers
	if err := k.d.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-reloads; err != nil {
		t.Error(err)
	}
	for _, w := range pool.Stats().Workers {
		for _, old := range before {
			if w.PID == old.PID && w.State == "ready" {
				t.Errorf("worker %d was not replaced", w.PID)
			}
		}
	}
	if life[len(life)-1] != "a reload" {
		t.Errorf("the plugin lived through %q", life)
	}
}
