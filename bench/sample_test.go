package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

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
