package pool

import (
	"math"
	"math/bits"
	"time"

	"github.com/legion-go/legion/status"
)

// histogram counts durations in buckets whose width is an eighth of their power
// of two, as HdrHistogram does: a percentile is off by at most 12.5 %, in 2.4
// kB, without an allocation. A bucket that one of status.Bounds lies in is
// divided there, so that the same counts also tell exactly how many durations
// were below each of them.
type histogram struct {
	buckets Durations
	max     time.Duration
	sum     time.Duration
}

const (
	cells  = 36 * 8
	bounds = 16 // of status.Bounds; no two lie in one cell
)

func (h *histogram) add(d time.Duration) {
	h.sum += d
	h.max = max(h.max, d)
	c := &layout[cell(uint64(max(d, 0)))]
	i := c.first
	if d > c.bound {
		i++
	}
	h.buckets[i]++
}

// cell returns the place in an HdrHistogram for a number of nanoseconds.
func cell(ns uint64) int {
	ns >>= 4 // the resolution of the clock is 16 ns
	if ns < 8 {
		return int(ns)
	}
	e := bits.Len64(ns) - 4 // ns>>e is 8..15
	return min((e+1)*8+int(ns>>e)-8, cells-1)
}

// upper is the largest duration in a cell.
func upper(i int) time.Duration {
	if i < 8 {
		return time.Duration(i+1)<<4 - 1
	}
	e := i/8 - 1
	return time.Duration(uint64(i%8+9)<<e<<4) - 1
}

// A place says which bucket a cell begins, and at which of status.Bounds it
// goes on in the next one.
type place struct {
	bound time.Duration
	first int
}

// layout has a place for each cell; tops has the largest duration in each
// bucket, and within its place among status.Bounds.
var layout, tops, within = arrange()

func arrange() (layout [cells]place, tops [cells + bounds]time.Duration, within [cells + bounds]int) {
	next := 0 // of status.Bounds
	for i := range layout {
		layout[i] = place{math.MaxInt64, i + next}
		if next < bounds && status.Bounds[next] < upper(i) {
			layout[i].bound, tops[i+next], within[i+next] = status.Bounds[next], status.Bounds[next], next
			next++
		}
		tops[i+next], within[i+next] = upper(i), next
	}
	return layout, tops, within
}

func (h *histogram) count() (n uint64) {
	for _, in := range &h.buckets {
		n += in
	}
	return n
}

// times summarizes the durations.
func (h *histogram) times() status.Times {
	n := h.count()
	if n == 0 {
		return status.Times{}
	}
	return status.Times{
		Mean: h.sum / time.Duration(n), Max: h.max,
		P50: h.percentile(n, 50), P90: h.percentile(n, 90), P99: h.percentile(n, 99),
	}
}

// percentile returns the p-th percentile of n durations.
func (h *histogram) percentile(n, p uint64) time.Duration {
	rank := max((n*p+99)/100, 1)
	for i, in := range &h.buckets {
		if in >= rank {
			return min(tops[i], h.max)
		}
		rank -= in
	}
	return h.max
}

// exact counts the durations by status.Bounds.
func (h *histogram) exact() status.Histogram {
	e := status.Histogram{Counts: make([]uint64, bounds+1), Sum: h.sum}
	for i, in := range &h.buckets {
		e.Counts[within[i]] += in
	}
	return e
}
