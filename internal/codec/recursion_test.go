package codec_test

import (
	"bytes"
	"strings"
	"testing"
)

func TestRecursion(t *testing.T) {
	chain := func(n int) (l *tree) {
		for range n {
			l = &tree{Left: l}
		}
		return l
	}
	same(t, chain(1000))
	tooDeep := func(v *tree) {
		t.Helper()
		if _, err := mustFor[tree](t).Append(nil, v); err == nil || !strings.Contains(err.Error(), "nested more than 1000 levels") {
			t.Errorf("got %v", err)
		} else if len(err.Error()) > 600 {
			t.Errorf("the message is %d bytes long", len(err.Error()))
		}
	}
	tooDeep(chain(1002))
	cycle := &tree{}
	cycle.Left = &tree{Right: cycle}
	tooDeep(cycle)

	self := make(list, 1)
	self[0] = self
	if _, err := mustFor[list](t).Append(nil, &self); err == nil {
		t.Error("a slice within itself was encoded")
	}
	d := dict{}
	d["d"] = d
	if _, err := mustFor[dict](t).Append(nil, &d); err == nil {
		t.Error("a map within itself was encoded")
	}

	k := &knot{}
	k.Array = &[2]knot{}
	k.Array[1].Inner = &struct{ A, B knot }{B: knot{Slice: make([]struct{ K knot }, 1)}}
	same(t, *k)
	k.Array[1].Inner.B.Slice[0].K = *k
	if _, err := mustFor[knot](t).Append(nil, k); err == nil {
		t.Error("a knot within itself was encoded")
	}
	if err := mustFor[knot](t).Decode(bytes.Repeat([]byte{1}, 1e6), new(knot)); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("deep knot: %v", err)
	}

	deep := bytes.Repeat([]byte{2}, 1500)
	if err := mustFor[list](t).Decode(append(deep, 0), new(list)); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("deep input: %v", err)
	}
}
