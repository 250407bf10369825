package bus_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/bus"
)

type ping struct{ n int }
type pong struct{}

var (
	pings = reflect.TypeFor[ping]()
	pongs = reflect.TypeFor[pong]()
)

func TestOrder(t *testing.T) {
	var b bus.Bus
	var got []string
	add := func(name string, priority int) func() {
		return b.On(pings, priority, func(context.Context, any) error { got = append(got, name); return nil })
	}
	add("low", -1)
	add("first", 0)
	off := add("gone", 0)
	add("second", 0)
	add("high", 5)
	off()
	off() // a second call does nothing
	if stopped, err := b.Emit(t.Context(), pings, ping{}); stopped || err != nil {
		t.Error(stopped, err)
	}
	if fmt.Sprint(got) != "[high first second low]" {
		t.Error(got)
	}
}

func TestStopErrorsAndPanics(t *testing.T) {
	var b bus.Bus
	broken := errors.New("broken")
	b.On(pings, 3, func(context.Context, any) error { return broken })
	b.On(pings, 2, func(context.Context, any) error { panic("oh") })
	b.On(pings, 1, func(_ context.Context, e any) error {
		if e.(ping).n == 7 {
			return fmt.Errorf("enough: %w", bus.ErrStop)
		}
		return nil
	})
	late := 0
	b.On(pings, 0, func(context.Context, any) error { late++; return nil })
	stopped, err := b.Emit(t.Context(), pings, ping{7})
	var panicked *bus.PanicError
	if !stopped || late != 0 || !errors.Is(err, broken) || !errors.As(err, &panicked) || panicked.Value != "oh" {
		t.Error(stopped, late, err)
	}
	if stopped, _ = b.Emit(t.Context(), pings, ping{8}); stopped || late != 1 {
		t.Error(stopped, late)
	}
}

func TestCounts(t *testing.T) {
	var b bus.Bus
	if b.Count(pongs) {
		t.Error("a topic without handlers has one")
	}
	b.Emit(t.Context(), pongs, pong{})
	b.On(pings, 0, func(context.Context, any) error { return nil })
	if !b.Count(pings) {
		t.Error("the handler is not counted")
	}
	if c := counts(&b); c["bus_test.pong"] != 2 || c["bus_test.ping"] != 1 {
		t.Error(c)
	}
}

func TestHandlersMayChangeHandlers(t *testing.T) {
	var b bus.Bus
	calls := 0
	var off func()
	b.On(pings, 1, func(context.Context, any) error {
		off() // removes a handler that was not called yet
		b.On(pings, 0, func(context.Context, any) error { calls += 100; return nil })
		return nil
	})
	off = b.On(pings, 0, func(context.Context, any) error { calls++; return nil })
	b.Emit(t.Context(), pings, ping{})
	if calls != 0 {
		t.Errorf("calls: %d", calls)
	}
}

func TestConcurrently(t *testing.T) {
	var b bus.Bus
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				off := b.On(pings, 0, func(context.Context, any) error { return nil })
				b.Emit(context.Background(), pings, ping{})
				off()
				counts(&b)
			}
		})
	}
	all.Wait()
	if n := counts(&b)["bus_test.ping"]; n != 2000 {
		t.Error(n)
	}
}

// counts returns how many events of each type were emitted.
func counts(b *bus.Bus) map[string]uint64 {
	all := map[string]uint64{}
	for _, t := range b.Topics() {
		all[t.Type.String()] = t.Emitted
	}
	return all
}
