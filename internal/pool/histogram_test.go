package pool

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion/status"
)

// The percentiles of a histogram are at most an eighth too large and never too
// small; the mean and the maximum are exact.
func TestHistogram(t *testing.T) {
	for _, unit := range []time.Duration{1, 17, time.Microsecond, 333 * time.Microsecond, time.Second} {
		var h histogram
		for i := range time.Duration(1000) {
			h.add((i*7919%1000 + 1) * unit) // each of 1 to 1000 once
		}
		l := h.times()
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
		if l := h.times(); l.P50 > max(d, 0) || l.P99 > max(d, 0) {
			t.Errorf("of %v alone: %+v", d, l)
		}
	}
	if l := new(histogram).times(); l != (status.Times{}) {
		t.Errorf("of nothing: %+v", l)
	}
}

// Every bucket holds the durations up to its bound, and no others.
func TestBuckets(t *testing.T) {
	in := func(d time.Duration) int {
		var h histogram
		h.add(d)
		return slices.Index(h.buckets[:], 1)
	}
	last := len(histogram{}.buckets) - 1
	for i := range last {
		if d := tops[i]; in(d) != i || in(d+1) != i+1 {
			t.Errorf("bucket %d up to %d: that is in %d, one more in %d", i, d, in(d), in(d+1))
		}
	}
	if in(math.MaxInt64) != last {
		t.Errorf("the longest time is in %d of %d", in(math.MaxInt64), last)
	}
}

// The counts for status.Bounds are exact.
func TestExactBuckets(t *testing.T) {
	var h histogram
	want := make([]uint64, len(status.Bounds)+1)
	for i, b := range status.Bounds {
		for range i + 1 {
			h.add(b)
			want[i]++
			h.add(b + 1)
			want[i+1]++
		}
		h.add(b - 1)
		want[i]++
	}
	h.add(math.MaxInt64 - h.sum)
	want[len(want)-1]++
	if got := h.exact(); !slices.Equal(got.Counts, want) || got.Sum != math.MaxInt64 {
		t.Errorf("%v, want %v", got, want)
	}
}
