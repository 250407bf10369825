package meters

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Family is one instrument with all its series.
type Family struct {
	*Instrument
	Series []Value
}

// Value is one series of a pool, or of this process itself.
type Value struct {
	Pool   string // "": this process
	Values []string
	Words  []uint64
}

// Float returns the value of a counter or a gauge.
func (v *Value) Float() float64 {
	if len(v.Words) == 1 {
		return v.Last()
	}
	return float64(v.Words[0]) + v.Last()
}

// Last returns the last word as the float that it is: the sum of a histogram.
func (v *Value) Last() float64 { return math.Float64frombits(v.Words[len(v.Words)-1]) }

// Gather returns all instruments by name, with all series by pool and values.
func Gather() []Family {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	families := make([]Family, len(registry.list))
	place := make(map[*Instrument]*Family, len(families))
	for n, i := range registry.list {
		families[n] = Family{i, i.ownLocked()}
		place[i] = &families[n]
	}
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		for s, words := range pools[name].totalsLocked() {
			f := place[s.of]
			f.Series = append(f.Series, Value{name, s.values, words})
		}
	}
	for _, f := range families {
		slices.SortFunc(f.Series, func(a, b Value) int {
			return cmp.Or(cmp.Compare(a.Pool, b.Pool), slices.Compare(a.Values, b.Values))
		})
	}
	slices.SortFunc(families, func(a, b Family) int { return cmp.Compare(a.Name, b.Name) })
	return families
}

// ownLocked returns what this process itself has counted. The series of an
// instrument without labels is always there.
func (i *Instrument) ownLocked() (own []Value) {
	for _, s := range i.seriesLocked() {
		v := Value{Values: s.values, Words: make([]uint64, i.words)}
		for n := range v.Words {
			v.Words[n] = s.Load(n)
		}
		own = append(own, v)
	}
	if len(own) == 0 && len(i.Labels) == 0 {
		own = []Value{{Words: make([]uint64, i.words)}}
	}
	return own
}

// totalsLocked returns what the workers of a pool have counted, those that have
// ended and those that live.
func (p *pool) totalsLocked() map[*sum][]uint64 {
	for w := range p.workers {
		w.refreshLocked() // may find new series
	}
	totals := make(map[*sum][]uint64, len(p.sums))
	for _, s := range p.sums {
		totals[s] = slices.Clone(s.gone)
	}
	for w := range p.workers {
		for _, s := range w.seen {
			s.sum.add(totals[s.sum], s.words)
		}
	}
	for s, words := range totals {
		s.tell(words)
	}
	return totals
}
