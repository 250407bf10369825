package legion_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// The error of a panic says, in its one line, where it was: of a worker's
// function, a callback, a handler, and what runs at the start and at the end.
func TestPanicsHaveAPlace(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1})
	s.d.InProcess()
	events := make(chan event.Failure, 10)
	legion.On(s.d, func(_ context.Context, e event.Failure) error { events <- e; return nil })
	legion.On(s.d, func(context.Context, event.Started) error { panic("in a handler") })
	s.d.Teardown(func(context.Context) error { panic("in Teardown") })
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	has := func(what string, err error, place string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), place) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	has("a handler", (<-events).Err, "TestPanicsHaveAPlace.func2 (place_test.go:")
	_, err := s.do.Call(t.Context(), deed{What: "panic"})
	has("a function", err, "tool).do (main_test.go:")
	_, err = s.do.Call(t.Context(), deed{What: "goexit"})
	has("the end of a goroutine", err, "called by legion_test.(*tool).goexit (main_test.go:")
	s.do.Go(t.Context(), deed{}).Then(func(string, error) { panic("in a callback") })
	e := <-events
	has("a callback", e.Err, "TestPanicsHaveAPlace.func")
	if !strings.Contains(e.Stack, "TestPanicsHaveAPlace") {
		t.Errorf("the event's stack is %q", e.Stack)
	}
	has("Teardown", s.d.Stop(t.Context()), "TestPanicsHaveAPlace.func")

	s = newSolo("solo", legion.Pool{Max: 1})
	s.d.InProcess()
	//lint:ignore SA5000 this is what it is for
	s.d.Init(func(context.Context) error { var none map[string]int; none["x"] = 1; return errors.New("never") })
	has("Init", s.d.Start(t.Context()), "TestPanicsHaveAPlace.func")
}
