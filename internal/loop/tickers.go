package loop

import (
	"slices"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// tickers is the set of a loop's tickers. A daemon has only a few: a scan finds
// the earliest.
type tickers struct {
	mu  sync.Mutex
	all []*Ticker // in the order of declaration, which breaks ties
}

// add puts t into the set, due now; if the loop has not begun, start sets the
// due time again.
func (s *tickers) add(t *Ticker, now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.due = now
	s.all = append(s.all, t)
}

// remove takes t out of the set, if t is in it.
func (s *tickers) remove(t *Ticker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.all, t); i >= 0 {
		s.all = slices.Delete(s.all, i, i+1)
	}
}

// start makes now the start of the schedules of all tickers so far.
func (s *tickers) start(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.all {
		t.due = now
	}
}

// next returns the due time of the ticker that is due first, or saturate.Never
// without tickers.
func (s *tickers) next() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.first(); t != nil {
		return t.due
	}
	return saturate.Never
}

// begin begins the tick that is due first and returns its ticker, or nil if no
// tick is due now.
func (s *tickers) begin(now time.Duration) *Ticker {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.first()
	if t == nil || t.due > now {
		return nil
	}
	t.begin(now)
	return t
}

// end ends a tick that begin began.
func (s *tickers) end(t *Ticker, began, now, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.end(began, now, pause)
}

// first returns the ticker that is due first, or nil without tickers. Caller
// holds mu.
func (s *tickers) first() *Ticker {
	var first *Ticker
	for _, t := range s.all {
		if first == nil || t.due < first.due {
			first = t
		}
	}
	return first
}
