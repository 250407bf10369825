package arena

import (
	"fmt"
	"slices"
)

// extent is a range of bytes: from up to, but not including, to.
type extent struct{ from, to int }

// space knows which pages of a half are free. It gives out the first range that
// fits, and so keeps what is in use together, at the beginning.
type space struct {
	page int
	free []extent    // sorted, not empty, not adjacent
	used map[int]int // the size of each range that was given out, by its beginning
}

func newSpace(from, to, page int) space {
	return space{page: page, free: []extent{{from, to}}, used: map[int]int{}}
}

// roundUp returns the bytes of the pages that n bytes take, at least one page.
func (s *space) roundUp(n int) int { return (max(n, 1) + s.page - 1) / s.page * s.page }

// take gives out the pages for n bytes, which must not be more than the half
// has.
func (s *space) take(n int) (extent, bool) {
	size := s.roundUp(n)
	for i := range s.free {
		f := &s.free[i]
		if f.to-f.from < size {
			continue
		}
		e := extent{f.from, f.from + size}
		if f.from = e.to; f.from == f.to {
			s.free = slices.Delete(s.free, i, i+1)
		}
		s.used[e.from] = size
		return e, true
	}
	return extent{}, false
}

// give takes back the range that begins at from. It returns an error if there
// is none.
func (s *space) give(from int) (extent, error) {
	size, ok := s.used[from]
	if !ok {
		return extent{}, fmt.Errorf("nothing is lent at byte %d", from)
	}
	delete(s.used, from)
	e := extent{from, from + size}
	i, _ := s.find(from)
	joinsNext := i < len(s.free) && s.free[i].from == e.to
	joinsPrevious := i > 0 && s.free[i-1].to == e.from
	switch {
	case joinsNext && joinsPrevious:
		s.free[i-1].to = s.free[i].to
		s.free = slices.Delete(s.free, i, i+1)
	case joinsNext:
		s.free[i].from = e.from
	case joinsPrevious:
		s.free[i-1].to = e.to
	default:
		s.free = slices.Insert(s.free, i, e)
	}
	return e, nil
}

func (s *space) find(from int) (int, bool) { return search(s.free, from) }

// search returns the index of the first extent that begins at from or later.
func search(sorted []extent, from int) (int, bool) {
	return slices.BinarySearchFunc(sorted, from, func(e extent, from int) int { return e.from - from })
}
