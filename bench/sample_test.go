package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 1000}, 1},
	} {
		in := slices.Clone(c.in)
		if got := median(in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
		if !slices.Equal(in, c.in) {
			t.Errorf("median changed its argument from %v to %v", c.in, in)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v", got)
	}
}

// The machine is ten times slower in the second round: ratios do not care.
func TestRatioPairsWithinTheRound(t *testing.T) {
	a := []Sample{{P50: 1}, {P50: 10}, {P50: 1}}
	b := []Sample{{P50: 4}, {P50: 40}, {P50: 4}}
	if got := ratioOf(a, b, P50); got != 0.25 {
		t.Errorf("ratio %v, want 0.25", got)
	}
	if got := ratioOf(a, b[:1], P50); got != 0.25 {
		t.Errorf("ratio with rounds lacking %v, want 0.25", got)
	}
	for name, got := range map[string]float64{
		"lacking metric": ratioOf(a, b, Rate),
		"lacking rounds": ratioOf(a, nil, P50),
		"division by 0":  ratioOf(a, []Sample{{P50: 0}}, P50),
	} {
		if !math.IsNaN(got) {
			t.Errorf("%s: ratio %v, want none", name, got)
		}
	}
}

// Buckets follow each other without gap or overlap, and each value lies in its
// own.
func TestHistBuckets(t *testing.T) {
	var next uint64
	for i := range histBuckets {
		low, width := bounds(i)
		if low != next {
			t.Fatalf("bucket %d begins at %d, the one before ends at %d", i, low, next)
		}
		if first, last := bucketOf(int64(low)), bucketOf(int64(low+width-1)); first != i || last != i {
			t.Fatalf("bucket %d: its ends are in %d and %d", i, first, last)
		}
		if low >= sub && width > low/sub {
			t.Fatalf("bucket %d is %d wide at %d", i, width, low)
		}
		next = low + width
	}
	if next != 1<<histTop {
		t.Errorf("the last bucket ends at %d", next)
	}
	for ns, want := range map[int64]int{-5: 0, 1 << histTop: histBuckets - 1, math.MaxInt64: histBuckets - 1} {
		if got := bucketOf(ns); got != want {
			t.Errorf("%d ns is in bucket %d, want %d", ns, got, want)
		}
	}
}

// Quantiles agree with those of the sorted values to the width of a bucket.
func TestHistQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h hist
	var all []float64
	for range 20_000 {
		d := time.Duration(math.Exp(r.Float64() * 20)) // 1 ns to 0.5 s
		h.add(d)
		all = append(all, float64(d)/1e3)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := h.quantile(q); math.Abs(got-want) > want/sub+0.001 {
			t.Errorf("quantile %v = %v, want %v", q, got, want)
		}
	}
}

func TestHistSmall(t *testing.T) {
	var h hist
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing = %v", got)
	}
	h.add(100 * time.Nanosecond)
	for _, q := range []float64{0, 0.5, 0.99, 1} {
		if got := h.quantile(q); got != 0.1 {
			t.Errorf("quantile %v of one value = %v, want 0.1", q, got)
		}
	}
	var other hist
	other.add(time.Hour)
	h.merge(&other)
	if h.n != 2 || h.quantile(0.99) < 60e6 {
		t.Errorf("merged: %d calls, p99 %v", h.n, h.quantile(0.99))
	}
}
