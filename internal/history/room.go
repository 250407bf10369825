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
	if h.size() > h.limit {
		h.lengthen(h.lengths())
	}
	rest := h.limit - h.size()
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

// lengths returns how many samples of each tier there is room for.
func (h *History) lengths() (all [len(tiers)]int) {
	fixed, whole := len(h.pools)*sizeWithoutSamples(true), 0
	for i, t := range tiers {
		all[i] = t.length
		whole += len(h.pools) * t.length * sampleSize(true)
	}
	if fixed+whole <= h.limit {
		return all
	}
	room := max(h.limit-fixed, 0) / 2 // the other half is for more pools to come
	for i := range all {
		all[i] = max(all[i]*room/whole, 1)
	}
	return all
}

// lengthen makes all series longer or shorter. They keep their newest samples.
func (h *History) lengthen(lengths [len(tiers)]int) {
	for i, length := range lengths {
		l := &h.lines[i]
		for _, p := range h.pools {
			p.records[i], p.states[i] = moved(l, p.records[i], length), moved(l, p.states[i], length)
			for _, f := range p.funcs {
				f.records[i] = moved(l, f.records[i], length)
			}
		}
		l.missing = moved(l, l.missing, length)
		kept := min(l.kept(), uint64(length))
		h.past.number[i] -= int(l.number - kept)
		l.length, l.number = length, kept
	}
}

// moved returns a ring of another length, which begins with the first sample
// that is kept.
func moved[T any](l *line, ring []T, length int) []T {
	if ring == nil {
		return nil
	}
	all := inOrder(l, ring)
	return append(make([]T, 0, length), all[max(len(all)-length, 0):]...)[:length]
}

// size is how many bytes the series of all pools without their functions take
// at most.
func (h *History) size() int { return len(h.pools) * h.sizeOf(true) }

// sizeOf is how many bytes the series of a pool without its functions, or of a
// function, take at most.
func (h *History) sizeOf(pools bool) int {
	size := sizeWithoutSamples(pools)
	for _, l := range h.lines {
		size += l.length * sampleSize(pools)
	}
	return size
}

func sampleSize(pools bool) int {
	if pools {
		return sizeOf[record]() + sizeOf[state]()
	}
	return sizeOf[record]()
}

func sizeWithoutSamples(pools bool) int {
	if pools {
		return sizeOf[poolSeries]() + sizeOf[pool.FuncMeasure]()
	}
	return sizeOf[series]() + sizeOf[pool.FuncMeasure]()
}

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
