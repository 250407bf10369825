package arena

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSpace compares a space with a list of pages, through random histories:
// what it gives out is free, is the first range that fits, and comes back
// whole; the free ranges are sorted, not empty and not adjacent.
func TestSpace(t *testing.T) {
	const page, pages = 64, 50
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newSpace(page*3, page*(3+pages), page)
		var taken [pages]bool
		var out []extent
		for range 400 {
			if len(out) > 0 && rng.IntN(2) == 0 {
				i := rng.IntN(len(out))
				e, err := s.give(out[i].from)
				if err != nil || e != out[i] {
					t.Fatalf("seed %d: gave back %v, as %v, %v", seed, out[i], e, err)
				}
				if _, err := s.give(e.from); err == nil {
					t.Fatalf("seed %d: gave back %v twice", seed, e)
				}
				out = slices.Delete(out, i, i+1)
				for p := e.from/page - 3; p < e.to/page-3; p++ {
					taken[p] = false
				}
			} else {
				n := rng.IntN(page*8) + 1
				need := (n + page - 1) / page
				want, run := -1, 0
				for p := range taken {
					if run++; taken[p] {
						run = 0
					}
					if run == need {
						want = p - need + 1
						break
					}
				}
				e, ok := s.take(n)
				if ok != (want >= 0) {
					t.Fatalf("seed %d: %d pages: %v, want page %d", seed, need, ok, want)
				}
				if !ok {
					continue
				}
				if w := (extent{(want + 3) * page, (want + 3 + need) * page}); e != w {
					t.Fatalf("seed %d: took %v, want %v", seed, e, w)
				}
				out = append(out, e)
				for p := want; p < want+need; p++ {
					taken[p] = true
				}
			}
			checkFree(t, &s)
		}
		for _, e := range out {
			if _, err := s.give(e.from); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.used) != 0 || !slices.Equal(s.free, []extent{{page * 3, page * (3 + pages)}}) {
			t.Fatalf("seed %d: at the end %v is free", seed, s.free)
		}
	}
}

func checkFree(t *testing.T, s *space) {
	t.Helper()
	last := -1
	for _, f := range s.free {
		if f.from >= f.to || f.from <= last {
			t.Fatalf("free: %v", s.free)
		}
		last = f.to
	}
}

// FuzzSpace: whatever is asked, ranges do not overlap and stay within bounds.
func FuzzSpace(f *testing.F) {
	f.Add([]byte{1, 2, 3, 128, 0, 200, 7})
	f.Fuzz(func(t *testing.T, ops []byte) {
		const page, size = 16, 16 * 40
		s := newSpace(0, size, page)
		var out []extent
		for _, op := range ops {
			if op >= 128 {
				at := int(op-128) * page / 2
				i := slices.IndexFunc(out, func(e extent) bool { return e.from == at })
				if _, err := s.give(at); (err == nil) != (i >= 0) {
					t.Fatalf("give(%d): %v; out are %v", at, err, out)
				}
				if i >= 0 {
					out = slices.Delete(out, i, i+1)
				}
				continue
			}
			e, ok := s.take(int(op) * 3)
			if !ok {
				continue
			}
			if e.from < 0 || e.to > size || e.to-e.from < int(op)*3 || e.from%page != 0 || e.to%page != 0 {
				t.Fatalf("take(%d): %v", int(op)*3, e)
			}
			for _, o := range out {
				if e.from < o.to && o.from < e.to {
					t.Fatalf("%v overlaps %v", e, o)
				}
			}
			out = append(out, e)
		}
		checkFree(t, &s)
	})
}
