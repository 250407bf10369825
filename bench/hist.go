package main

import (
	"math/bits"
	"time"
)

// hist counts latencies in buckets whose width is at most 1/128 of their value,
// so that a quantile is exact to 0.4 % for any number of calls, and
// recording touches one counter and allocates nothing.
//
// Layout: values below 128 ns have a bucket each; above, each doubling is
// divided into 128 buckets of equal width.
type hist struct {
	n      uint64
	counts [histBuckets]uint32
}

const (
	subBits     = 7
	sub         = 1 << subBits
	histTop     = 36 // 2^36 ns = 68 s; longer latencies count as that
	histBuckets = sub * (histTop - subBits + 1)
)

// bucketOf maps nanoseconds to a bucket.
func bucketOf(ns int64) int {
	v := uint64(max(ns, 0))
	v = min(v, 1<<histTop-1)
	if v < sub {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return shift*sub + int(v>>shift)
}

// bounds are the smallest value of bucket i and its width in nanoseconds.
func bounds(i int) (low, width uint64) {
	if i < sub {
		return uint64(i), 1
	}
	shift := i/sub - 1
	return uint64(i-shift*sub) << shift, 1 << shift
}

// add counts one latency.
func (h *hist) add(d time.Duration) {
	h.n++
	h.counts[bucketOf(int64(d))]++
}

// merge adds the counts of other.
func (h *hist) merge(other *hist) {
	h.n += other.n
	for i, c := range other.counts {
		h.counts[i] += c
	}
}

// quantile is the latency in µs that the share q (0..1) of all calls did not
// exceed: nearest rank, interpolated within the bucket. 0 if nothing was
// counted.
func (h *hist) quantile(q float64) float64 {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n)) // calls that lie before the wanted one
	rank = min(rank, h.n-1)
	var before uint64
	for i, c := range h.counts {
		if before+uint64(c) > rank {
			low, width := bounds(i)
			within := (float64(rank-before) + 0.5) / float64(c)
			return (float64(low) + within*float64(width-1)) / 1e3
		}
		before += uint64(c)
	}
	panic("bench: histogram counts do not add up")
}
