package legion_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

func TestReload(t *testing.T) {
	legiontest.CheckLeaks(t)
	var life []string
	k := newKit(legion.Pool{Min: 2, Max: 2})
	k.d.Use(&part{name: "a", life: &life})
	reloads := make(chan error, 10)
	legion.On(k.d, func(_ context.Context, e event.Reloaded) error { reloads <- e.Err; return nil })
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

// All callers that request a reload while one is under way share the next one.
// A caller that stops waiting does not end it for the others.
func TestReloadsAreShared(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{})
	begun, goOn := make(chan struct{}), make(chan struct{})
	reloads := 0
	legion.On(k.d, func(context.Context, event.Reload) error { // on the loop
		if reloads++; reloads == 1 {
			close(begun)
			<-goOn
		}
		return nil
	})
	k.start(t)
	var all sync.WaitGroup
	ask := func(ctx context.Context, want error) {
		all.Go(func() {
			if err := k.d.Reload(ctx); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	ask(t.Context(), nil)
	<-begun
	impatient, giveUp := context.WithCancel(t.Context())
	for range 50 {
		ask(impatient, context.Canceled)
	}
	for range 200 {
		ask(t.Context(), nil)
	}
	stacks := make([]byte, 4<<20)
	await(t, func() bool { // all of them wait, but for the one who waits for its turn to do it
		n := runtime.Stack(stacks, true)
		return strings.Count(string(stacks[:n]), "[select]:\ngithub.com/legion-go/legion/internal/concurrent.(*Shared).Do(") == 249
	})
	giveUp()
	close(goOn)
	all.Wait()
	if reloads != 2 {
		t.Errorf("%d reloads, want the first, and one for all the others", reloads)
	}
}
