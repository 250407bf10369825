package legion_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Everything given to the daemon runs on one loop, and neither errors nor
// panics end it.
func TestLoopSurvives(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1})
	inside := 0 // no lock: the race detector looks
	enter := func() {
		if inside++; inside != 1 {
			t.Error("two callbacks at a time")
		}
	}
	var errs, panics atomic.Int64
	s.d.Every(time.Millisecond, func(context.Context) error {
		enter()
		defer func() { inside-- }()
		errs.Add(1)
		return errors.New("again")
	})
	s.d.Every(2*time.Millisecond, func(context.Context) error {
		enter()
		defer func() { inside-- }()
		panics.Add(1)
		panic("again")
	})
	s.start(t)
	for _, bad := range []bool{true, false} {
		told := make(chan []int, 1)
		var order []int
		fut := s.do.Go(t.Context(), deed{})
		fut.Then(func(string, error) {
			enter()
			defer func() { inside-- }()
			order = append(order, 1)
			if bad {
				panic("in Then")
			}
		})
		fut.Then(func(string, error) { order = append(order, 2); told <- order })
		if got := <-told; !slices.Equal(got, []int{1, 2}) {
			t.Errorf("callbacks: %v", got)
		}
	}
	was := errs.Load() + panics.Load()
	await(t, func() bool { return errs.Load()+panics.Load() > was+10 })
	if st := s.d.Stats().Loop; st.Panics < 5 || st.Ticks < 10 {
		t.Errorf("the statistics: %+v", st)
	}
}

// Calls may be made on the loop, in Every and in Then.
func TestCallOnTheLoop(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1})
	done := make(chan error, 1)
	s.d.Every(time.Hour, func(ctx context.Context) error {
		s.do.Go(ctx, deed{}).Then(func(string, error) {
			_, err := s.do.Call(ctx, deed{})
			done <- err
		})
		_, err := s.do.Call(ctx, deed{})
		return err
	})
	s.start(t)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
