package pool

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets whose width is an eighth of their power
// of two, as HdrHistogram does: a percentile is off by at most 12.5 %, in 2.3
// kB, without an allocation.
type histogram struct {
	buckets [36 * 8]uint64
	max     time.Duration
	sum     time.Duration
	n       uint64
}

func (h *histogram) add(d time.Duration) {
	h.n++
	h.sum += d
	h.max = max(h.max, d)
	h.buckets[bucket(uint64(max(d, 0)))]++
}

// bucket returns the index for a number of nanoseconds.
func bucket(ns uint64) int {
	ns >>= 4 // the resolution of the clock is 16 ns
	if ns < 8 {
		return int(ns)
	}
	e := bits.Len64(ns) - 4 // ns>>e is 8..15
	return min((e+1)*8+int(ns>>e)-8, 36*8-1)
}

// upper is the largest duration in bucket i.
func upper(i int) time.Duration {
	if i < 8 {
		return time.Duration(i+1)<<4 - 1
	}
	e := i/8 - 1
	return time.Duration(uint64(i%8+9)<<e<<4) - 1
}

// Latency summarizes how long calls took, from the call to its answer.
// Percentiles are exact to an eighth.
type Latency struct {
	Mean, P50, P90, P99, Max time.Duration
}

func (h *histogram) summary() Latency {
	if h.n == 0 {
		return Latency{}
	}
	l := Latency{Mean: h.sum / time.Duration(h.n), Max: h.max}
	l.P50, l.P90, l.P99 = h.percentile(50), h.percentile(90), h.percentile(99)
	return l
}

func (h *histogram) percentile(p uint64) time.Duration {
	rank := max((h.n*p+99)/100, 1)
	for i, n := range h.buckets {
		if n >= rank {
			return min(upper(i), h.max)
		}
		rank -= n
	}
	return h.max
}
