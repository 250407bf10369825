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
			for _, name := range p.names {
				from, _ := h.past.of(p.name, name)
				p.funcs = append(p.funcs, h.recalled(from))
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
	fixed := len(h.pools) * sizeWithoutSamples(true)
	room := max(h.limit-fixed, 0) / 2 // for samples; the other half is for more pools to come
	for i := range h.lines {
		l := &h.lines[i]
		l.length = max(l.length*room/(size-fixed), 1)
		l.missing, l.number = make([]bool, l.length), 0
		h.past = past{}
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
	size := sizeWithoutSamples(pools)
	for _, l := range h.lines {
		size += l.length * sizeOf[record]()
		if pools {
			size += l.length * sizeOf[state]()
		}
	}
	return size
}

func sizeWithoutSamples(pools bool) int {
	if pools {
		return sizeOf[poolSeries]() + sizeOf[pool.FuncMeasure]()
	}
	return sizeOf[series]() + sizeOf[pool.FuncMeasure]()
}

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
