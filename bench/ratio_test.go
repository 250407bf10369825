package main

import (
	"math"
	"slices"
	"testing"
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

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want Spread
	}{
		{[]float64{7}, Spread{7, 7, 7}},
		{[]float64{1, 2}, Spread{1.5, 1.25, 1.75}},
		{[]float64{5, 3, 1, 4, 2}, Spread{3, 2, 4}},
		{[]float64{1, 1, 1, 1, 1000}, Spread{1, 1, 1}}, // one bad round
		{[]float64{4, 1, 3, 2}, Spread{2.5, 1.75, 3.25}},
	} {
		if got, ok := spreadOf(c.in); !ok || got != c.want {
			t.Errorf("spreadOf(%v) = %v, %v, want %v", c.in, got, ok, c.want)
		}
	}
	if s, ok := spreadOf(nil); ok || s != (Spread{}) {
		t.Errorf("spread of nothing: %v, %v", s, ok)
	}
	for want, s := range map[string]Spread{"0.500 [0.250–0.750]": {0.5, 0.25, 0.75}, "1.00": {1, 1, 1}, "2.00": {2, 1.999, 2.001}} {
		if got := s.format(number); got != want {
			t.Errorf("%v is printed as %q, want %q", s, got, want)
		}
	}
}

// The machine is ten times slower in the second round: ratios do not care.
func TestRatioPairsWithinTheRound(t *testing.T) {
	a := []Sample{{P50: 1}, {P50: 10}, {P50: 1}}
	b := []Sample{{P50: 4}, {P50: 40}, {P50: 5}}
	if got := ratiosOf(a, b, P50); !slices.Equal(got, []float64{0.25, 0.25, 0.2}) {
		t.Errorf("ratios %v", got)
	}
	if got := ratiosOf(a, b[:1], P50); !slices.Equal(got, []float64{0.25}) {
		t.Errorf("ratios with rounds lacking %v", got)
	}
	if got := ratiosOf([]Sample{{}, {P50: 2}}, b, P50); !slices.Equal(got, []float64{0.05}) {
		t.Errorf("ratios with a value lacking %v", got)
	}
	for name, got := range map[string][]float64{
		"lacking metric": ratiosOf(a, b, Rate),
		"lacking rounds": ratiosOf(a, nil, P50),
		"division by 0":  ratiosOf(a, []Sample{{P50: 0}}, P50),
	} {
		if len(got) > 0 {
			t.Errorf("%s: ratios %v, want none", name, got)
		}
	}
}
