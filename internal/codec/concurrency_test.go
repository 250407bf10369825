package codec_test

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/codec"
)

// TestStackMoves encodes from and decodes to variables on small stacks, which
// move as they grow and shrink, while the garbage collector runs all the time.
func TestStackMoves(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	var lt *tree
	for i := range 900 {
		lt = &tree{Value: int16(i), Left: lt, Right: &tree{}}
	}
	type both struct {
		M map[int]*tree
		T tree
		S []string
	}
	c := mustFor[both](t)
	var wg sync.WaitGroup
	for g := range 40 {
		wg.Go(func() {
			for range 3 {
				v := both{map[int]*tree{g: lt}, *lt, []string{"a", "b"}}
				b, err := c.Append(nil, &v)
				var got both
				if err == nil {
					err = c.Decode(b, &got)
				}
				if err != nil || !reflect.DeepEqual(got, v) {
					t.Errorf("damaged: %v", err)
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
}

func TestConcurrentFor(t *testing.T) {
	type fresh struct {
		Me *fresh
		M  map[string]many
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := codec.For[fresh]()
			if err != nil {
				t.Error(err)
				return
			}
			v := fresh{&fresh{}, map[string]many{"x": {}}}
			b, err := c.Append(nil, &v)
			if err != nil {
				t.Error(err)
			}
			var got fresh
			if err := c.Decode(b, &got); err != nil || !reflect.DeepEqual(got, v) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
}
