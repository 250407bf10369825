//go:build !race

// The race detector empties pools at random, so allocations could not be
// counted.

package codec_test

import (
	"net/netip"
	"testing"
	"time"
)

func allocs[T any](t *testing.T, what string, v T, encode, decode float64) {
	t.Helper()
	c := mustFor[T](t)
	buf := make([]byte, 0, 1<<16)
	enc, err := c.Append(buf, &v)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() {
		local := v // on the stack
		c.Append(buf, &local)
	}); n != encode {
		t.Errorf("%s: encoding allocates %v times, want %v", what, n, encode)
	}
	if n := testing.AllocsPerRun(200, func() {
		var got T
		if err := c.Decode(enc, &got); err != nil {
			t.Fatal(err)
		}
	}); n != decode {
		t.Errorf("%s: decoding allocates %v times, want %v", what, n, decode)
	}
}

func TestAllocs(t *testing.T) {
	str := "a string of some length"
	allocs(t, "bytes", []byte(str), 0, 1)
	allocs(t, "string", str, 0, 1)
	allocs(t, "numbers", struct {
		A int
		B float64
		C complex128
		T time.Time
	}{T: time.Now().UTC()}, 0, 0)
	allocs(t, "pointer", &struct{ S string }{str}, 0, 2)
	allocs(t, "slice of structs", make([]item, 9), 0, 1)
	allocs(t, "slice of strings", []string{str, str}, 0, 1+1)
	allocs(t, "slice of floats", make([]float32, 100), 0, 1)
	allocs(t, "array", [4][2]int16{}, 0, 0)
	allocs(t, "map of strings", map[string]string{str: str}, 0, 2+1)
	allocs(t, "map of structs", map[int]item{1: {Name: str}}, 0, 2+1)
	allocs(t, "map of maps", map[string]map[int]int{str: {1: 2}}, 0, 2+1+2)
	allocs(t, "tree", tree{Left: &tree{Left: &tree{}}}, 0, 2)
	allocs(t, "own encoding", netip.MustParseAddr("1.2.3.4"), 1, 2) // the value in the heap; the copy of the bytes
	allocs(t, "record", *sample(), 0, 3+2+1)                        // three slices, the map, and a block for thirteen strings
}
