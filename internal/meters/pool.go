package meters

import (
	"math"
	"math/bits"
)

// pools are the sums of the pools of this process, by name. They are never
// removed.
var pools map[string]*pool

// pool is what the workers of one pool have counted.
type pool struct {
	workers map[*Worker]bool
	sums    map[string]*sum // by name and values
	of      map[*Instrument]int
}

// sum is one series of a pool.
type sum struct {
	of     *Instrument
	values []string
	gone   []uint64 // what workers have counted that have ended
	told   []uint64 // the highest total of each word that anybody was told
}

func poolLocked(name string) *pool {
	p := pools[name]
	if p == nil {
		if pools == nil {
			pools = map[string]*pool{}
		}
		p = &pool{workers: map[*Worker]bool{}, sums: map[string]*sum{}, of: map[*Instrument]int{}}
		pools[name] = p
	}
	return p
}

// sumLocked returns the series of these values, or that of all others.
func (p *pool) sumLocked(i *Instrument, values []string) *sum {
	key := i.Name + string(appendKey([]byte{0}, values))
	s := p.sums[key]
	if s == nil && p.of[i] >= MaxSeries {
		values = others(len(values))
		key = i.Name + string(appendKey([]byte{0}, values))
		s = p.sums[key]
	}
	if s == nil {
		s = &sum{i, values, make([]uint64, i.words), make([]uint64, i.words)}
		p.sums[key] = s
		p.of[i]++
	}
	return s
}

// tell replaces totals that are behind what was told before. Floats that are
// added up in another order, as when a worker has ended, may be less by their
// last bit; Prometheus would take that for a counter that began anew, and count
// all of it again.
func (s *sum) tell(totals []uint64) {
	if s.of.Kind == Gauge {
		return
	}
	for n, v := range totals {
		s.told[n] = s.of.later(n, s.told[n], v)
	}
	copy(totals, s.told)
}

// add adds words to a sum of words, which does not go back: integers stop at
// their largest value.
func (s *sum) add(to, words []uint64) {
	for n, v := range words {
		if s.of.isFloat(n) {
			to[n] = math.Float64bits(math.Float64frombits(to[n]) + math.Float64frombits(v))
			continue
		}
		total, carry := bits.Add64(to[n], v, 0)
		to[n] = total | -carry
	}
}
