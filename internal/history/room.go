package history

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/legion-go/legion/internal/pool"
)

// makeRoom decides which pools have series of their functions: those with the
// fewest functions, as far as there is room. If there is no room for all pools
// either, all samples are kept for a shorter time. It is called with the lock.
func (h *History) makeRoom() {
	if h.planned == len(h.pools) {
		return
	}
	h.planned = len(h.pools)
	rest := h.limit - h.shorten()
	order := slices.Clone(h.pools)
	slices.SortStableFunc(order, func(a, b *poolSeries) int { return cmp.Compare(len(a.now.Names), len(b.now.Names)) })
	for _, p := range order {
		p.names = p.now.Names
		n := len(p.names)
		rest -= n * h.sizeOf(false)
		switch {
		case rest < 0:
			p.funcs = nil
		case p.funcs == nil && n > 0:
			p.now.Funcs = make([]pool.FuncMeasure, n)
			for range n {
				p.funcs = append(p.funcs, &series{})
			}
		}
	}
}

// shorten makes room for all pools, and returns how much they take.
func (h *History) shorten() (size int) {
	size = len(h.pools) * h.sizeOf(true)
	if size <= h.limit {
		return size
	}
	for i := range h.lines {
		l := &h.lines[i]
		l.length = max(l.length*(h.limit/2)/size, 1) // half of the room: for more to come
		l.missing, l.number = make([]bool, l.length), 0
		for _, p := range h.pools {
			p.records[i], p.states[i] = nil, nil
			for _, f := range p.funcs {
				f.records[i] = nil
			}
		}
	}
	return len(h.pools) * h.sizeOf(true)
}

// sizeOf is how many bytes the series of a pool without its functions, or of a
// function, take at most.
func (h *History) sizeOf(pools bool) int {
	size := sizeOf[series]() + sizeOf[pool.FuncMeasure]()
	if pools {
		size += sizeOf[poolSeries]() - sizeOf[series]()
	}
	for _, l := range h.lines {
		size += l.length * sizeOf[record]()
		if pools {
			size += l.length * sizeOf[state]()
		}
	}
	return size
}

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
