package pool

import (
	"math"
	"testing"
	"time"
)

// The percentiles of a histogram are at most an eighth too large and never too
// small; the mean and the maximum are exact.
func TestHistogram(t *testing.T) {
	for _, unit := range []time.Duration{1, 17, time.Microsecond, 333 * time.Microsecond, time.Second} {
		var h histogram
		for i := range time.Duration(1000) {
			h.add((i*7919%1000 + 1) * unit) // each of 1 to 1000 once
		}
		l := h.summary()
		if l.Mean != unit*1001/2 && l.Mean != unit*500+unit/2 || l.Max != 1000*unit {
			t.Errorf("in units of %v: mean %v, max %v", unit, l.Mean, l.Max)
		}
		for p, got := range map[time.Duration]time.Duration{50: l.P50, 90: l.P90, 99: l.P99} {
			if want := p * 10 * unit; got < want || got > want+want/8+16 {
				t.Errorf("in units of %v: p%d is %v, not %v", unit, p, got, want)
			}
		}
	}
	for _, d := range []time.Duration{-time.Second, 0, math.MaxInt64} {
		var h histogram
		h.add(d)
		if l := h.summary(); l.P50 > max(d, 0) || l.P99 > max(d, 0) {
			t.Errorf("of %v alone: %+v", d, l)
		}
	}
	if l := new(histogram).summary(); l != (Latency{}) {
		t.Errorf("of nothing: %+v", l)
	}
}

// Every bucket holds the durations up to its bound, and no others.
func TestBuckets(t *testing.T) {
	for i := range len(histogram{}.buckets) - 1 {
		if d := upper(i); bucket(uint64(d)) != i || bucket(uint64(d)+1) != i+1 {
			t.Errorf("bucket %d up to %d: that is in %d, one more in %d", i, d, bucket(uint64(d)), bucket(uint64(d)+1))
		}
	}
	if last := len(histogram{}.buckets) - 1; bucket(math.MaxInt64) != last {
		t.Errorf("the longest time is in %d of %d", bucket(math.MaxInt64), last)
	}
}
