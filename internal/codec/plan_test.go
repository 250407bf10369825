package codec

import (
	"reflect"
	"testing"
	"time"
)

// TestMinimum: the zero value of a type takes the fewest bytes (except for
// time.Time, which starts in the year 1).
func TestMinimum(t *testing.T) {
	type inner struct {
		A int
		B [3]float32
		C [2]bool
		D complex128
		//lint:ignore U1000 it is there to be passed over
		e string
	}
	type outer struct {
		inner
		P *outer
		S []inner
		M map[string]inner
		N [2]inner
		Z [5]struct{}
		T string
	}
	zero := func(c *compiled, b []byte, err error) {
		t.Helper()
		if err != nil || len(b) != c.plan.min {
			t.Errorf("%s: the minimum is %d, the zero value takes %d, %v", c.plan.typ, c.plan.min, len(b), err)
		}
	}
	a, _ := For[outer]()
	b, err := a.Append(nil, new(outer))
	zero(a.compiled, b, err)
	c, _ := For[[3]inner]()
	b, err = c.Append(nil, new([3]inner))
	zero(c.compiled, b, err)

	d, _ := For[time.Time]()
	epoch := time.Unix(0, 0).UTC()
	b, err = d.Append(nil, &epoch)
	zero(d.compiled, b, err)
}

func BenchmarkCompile(b *testing.B) {
	type item struct {
		Name string
		Qty  int64
	}
	type job struct {
		ID     int64
		Labels map[string]string
		At     time.Time
		Items  []item
		Nums   []int64
	}
	b.ReportAllocs()
	for b.Loop() {
		compile(reflect.TypeFor[job]())
	}
}
