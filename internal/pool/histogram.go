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
	i := cell(uint64(max(d, 0)))
	n := passed[i]
	if d > edges[n] {
		n++
	}
	h.buckets[i+int(n)]++
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

// passed is how many of status.Bounds lie in the cells before each cell, and
// edges are these bounds: so few bytes stay in a processor's cache. tops has
// the largest duration in each bucket, and within its place among
// status.Bounds.
var passed, edges, tops, within = arrange()

func arrange() (passed [cells]uint8, edges [bounds + 1]time.Duration, tops [cells + bounds]time.Duration, within [cells + bounds]int) {
	copy(edges[:], status.Bounds)
	edges[bounds] = math.MaxInt64
	next := 0 // of status.Bounds
	for i := range passed {
		passed[i] = uint8(next)
		if edges[next] < upper(i) {
			tops[i+next], within[i+next] = edges[next], next
			next++
		}
		tops[i+next], within[i+next] = upper(i), next
	}
	return passed, edges, tops, within
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
