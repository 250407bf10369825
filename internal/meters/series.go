package meters

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
)

// Series is one set of label values of an instrument.
type Series struct {
	of     *Instrument
	values []string              // by label
	words  atomic.Pointer[words] // nil: never used
}

// words are what a series counts in, in ordinary memory or in the region.
type words []atomic.Uint64

// Add adds n to an integer.
func (s *Series) Add(word int, n uint64) {
	w := s.words.Load()
	if w == nil {
		w = s.open()
	}
	(*w)[word].Add(n)
	if s.words.Load() != w {
		s.carry(w)
	}
}

// AddFloat adds v to a float.
func (s *Series) AddFloat(word int, v float64) {
	w := s.words.Load()
	if w == nil {
		w = s.open()
	}
	addFloat(&(*w)[word], v)
	if s.words.Load() != w {
		s.carry(w)
	}
}

// Set sets a float.
func (s *Series) Set(word int, v float64) {
	for {
		w := s.words.Load()
		if w == nil {
			w = s.open()
		}
		(*w)[word].Store(math.Float64bits(v))
		if s.words.Load() == w {
			return
		}
	}
}

// Load returns a word.
func (s *Series) Load(word int) uint64 {
	if w := s.words.Load(); w != nil {
		return (*w)[word].Load()
	}
	return 0
}

func addFloat(w *atomic.Uint64, v float64) {
	for {
		old := w.Load()
		if w.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// open gives a series its words at its first use.
func (s *Series) open() *words {
	if s == &s.of.root && len(s.of.Labels) > 0 {
		panic(fmt.Sprintf("meter: %s %q has labels: call With first, with values for %s", s.of.Kind, s.of.Name, strings.Join(s.of.Labels, ", ")))
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if w := s.words.Load(); w != nil {
		return w
	}
	w := s.roomLocked()
	s.words.Store(w)
	return w
}

// roomLocked returns words in the region, published already, or in ordinary
// memory: if there is no region, or no memory for it.
func (s *Series) roomLocked() *words {
	if r := registry.region; r != nil {
		if w := r.add(s); w != nil {
			return w
		}
	}
	w := make(words, s.of.words)
	return &w
}

// carry moves what is left in old to the words that the series has now. Attach
// calls it, and so does everybody who has counted in old and finds then that
// the series has others: who comes after Attach's carry, which follows the
// change, sees the change, so nothing stays behind.
func (s *Series) carry(old *words) {
	for n := range *old {
		left := (*old)[n].Swap(0)
		switch {
		case left == 0:
		case s.of.isFloat(n):
			s.AddFloat(n, math.Float64frombits(left))
		default:
			s.Add(n, left)
		}
	}
}
