package codec_test

import (
	"math/big"
	"net/netip"
	"testing"
	"time"
)

func TestHash(t *testing.T) {
	seen := map[uint64]string{}
	add := func(h uint64, of string) {
		if was, ok := seen[h]; ok {
			t.Errorf("%s and %s have the same hash", was, of)
		}
		seen[h] = of
	}
	add(mustFor[struct{ A, B int }](t).Hash(), "A, B int")
	add(mustFor[struct{ B, A int }](t).Hash(), "order")
	add(mustFor[struct{ A, C int }](t).Hash(), "name")
	add(mustFor[struct {
		A int
		B int64
	}](t).Hash(), "kind")
	add(mustFor[struct{ A, B, C int }](t).Hash(), "one more")
	add(mustFor[struct{ A, B *int }](t).Hash(), "pointers")
	add(mustFor[struct{ A, B []int }](t).Hash(), "slices")
	add(mustFor[[2]int](t).Hash(), "array of 2")
	add(mustFor[[3]int](t).Hash(), "array of 3")
	add(mustFor[map[int]string](t).Hash(), "map")
	add(mustFor[map[string]int](t).Hash(), "the other map")
	add(mustFor[[]struct{ X tree }](t).Hash(), "tree within")
	add(mustFor[tree](t).Hash(), "tree")
	add(mustFor[ping](t).Hash(), "ping")
	add(mustFor[pong](t).Hash(), "pong")
	add(mustFor[time.Time](t).Hash(), "time")
	add(mustFor[netip.Addr](t).Hash(), "own encoding")
	add(mustFor[big.Int](t).Hash(), "another own encoding")

	type a struct{ A, B int }
	type b struct {
		A, B int
		//lint:ignore U1000 it is there to be passed over
		hidden string
		Home   chan int `legion:"-"`
	}
	if mustFor[a](t).Hash() != mustFor[b](t).Hash() {
		t.Error("a field that does not travel changes the hash")
	}
	//lint:ignore SA4000 the function is to give the same twice
	if mustFor[many](t).Hash() != mustFor[many](t).Hash() {
		t.Error("the hash is not stable")
	}
}

// TestHashAcrossProcesses: the hash does not depend on the process, such as on
// an address or the order of a map.
func TestHashAcrossProcesses(t *testing.T) {
	if h := mustFor[knot](t).Hash(); h != 0x139bdccb6a98cccd {
		t.Errorf("the hash of knot is %#x", h)
	}
}
