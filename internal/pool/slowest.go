package pool

import (
	"cmp"
	"slices"
	"time"
)

// mostSlow is how many of a function's slowest calls in slowFor are remembered.
const (
	mostSlow = 16
	slowFor  = time.Hour
	slowSpan = 15 * time.Minute
)

// slowest remembers the slowest calls of a function in the last hour: those of
// each quarter, so that old ones leave. A call that is not among them costs one
// comparison, with least.
type slowest struct {
	least    time.Duration // a call that took no longer is none of them
	span     time.Duration // the number of the present quarter
	quarters [slowFor/slowSpan + 1][]callRecord
}

// took is how long the call has taken.
func (t *callRecord) took() time.Duration { return t.end - t.queued }

// add remembers a call that took longer than least.
func (s *slowest) add(r *callRecord, now time.Duration) {
	s.turn(now)
	q := &s.quarters[s.span%time.Duration(len(s.quarters))]
	if len(*q) < mostSlow {
		*q = append(slices.Grow(*q, mostSlow-len(*q)), *r)
	} else if fastest := fastestOf(*q); fastest.took() < r.took() { // it need not be: the quarter is new
		*fastest = *r
	}
	s.least = 0
	if len(*q) == mostSlow {
		s.least = fastestOf(*q).took()
	}
}

func fastestOf(all []callRecord) *callRecord {
	fastest := &all[0]
	for i := range all {
		if all[i].took() < fastest.took() {
			fastest = &all[i]
		}
	}
	return fastest
}

// turn begins new quarters that are due.
func (s *slowest) turn(now time.Duration) {
	due := now / slowSpan
	if s.span == due {
		return
	}
	for s.span = max(s.span, due-time.Duration(len(s.quarters))); s.span < due; {
		s.span++
		q := &s.quarters[s.span%time.Duration(len(s.quarters))]
		*q = (*q)[:0]
	}
	s.least = 0
}

// list returns them, the slowest first.
func (s *slowest) list(now time.Duration) (all []callRecord) {
	s.turn(now)
	for _, q := range s.quarters {
		for _, r := range q {
			if r.end >= now-slowFor {
				all = append(all, r)
			}
		}
	}
	slices.SortFunc(all, func(a, b callRecord) int { return cmp.Compare(b.took(), a.took()) })
	return all[:min(len(all), mostSlow)]
}
