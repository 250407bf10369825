package bus_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/bus"
)

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bus.Bus
		var got []int
		kind := reflect.TypeFor[int]()
		b.On(kind, 0, bus.Throttle(10*time.Second, func(_ context.Context, e any) error {
			got = append(got, e.(int))
			return nil
		}))
		for i := range 25 { // one a second, from second 0 on
			if _, err := b.Emit(t.Context(), kind, i); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
		}
		if want := []int{0, 10, 20}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A handler of Once is called once, even if it emits the event itself, and
// never if it was removed.
func TestOnce(t *testing.T) {
	var b bus.Bus
	kind := reflect.TypeFor[int]()
	calls := 0
	b.Once(kind, 0, func(ctx context.Context, e any) error {
		calls++
		_, err := b.Emit(ctx, kind, 2)
		return err
	})
	off := b.Once(kind, 0, func(context.Context, any) error { t.Error("was removed"); return nil })
	off()
	for range 3 {
		if _, err := b.Emit(t.Context(), kind, 1); err != nil {
			t.Error(err)
		}
	}
	if calls != 1 || b.Count(kind) {
		t.Errorf("%d calls, and handlers are left: %v", calls, b.Count(kind))
	}
}
