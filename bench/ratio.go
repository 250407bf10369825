package main

import (
	"fmt"
	"math"
	"slices"
)

// Versus is a comparison: a metric of each peer, divided by that of the peer
// To.
type Versus struct {
	Metric Metric
	To     string
}

// versus compares metrics with those of one peer.
func versus(to string, metrics ...Metric) []Versus {
	var all []Versus
	for _, m := range metrics {
		all = append(all, Versus{m, to})
	}
	return all
}

func (v Versus) title() string { return titles[v.Metric] + " ÷ " + v.To }

// Spread is what several rounds say about one figure: their median, and the
// quartiles around it. Half of the rounds lie between Low and High.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Ratio is the result of a comparison.
type Ratio struct {
	Metric Metric `json:"metric"`
	To     string `json:"to"`
	Spread
}

// spreadOf summarizes the rounds' figures; ok is false if there are none.
func spreadOf(xs []float64) (s Spread, ok bool) {
	if len(xs) == 0 {
		return Spread{}, false
	}
	sorted := slices.Sorted(slices.Values(xs))
	return Spread{quantileOf(sorted, 0.5), quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)}, true
}

// quantileOf interpolates between the two values around the place of q (0..1)
// in sorted, which has at least one value.
func quantileOf(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// median of xs; NaN of none. With an even count it is the mean of the middle
// two.
func median(xs []float64) float64 {
	s, ok := spreadOf(xs)
	if !ok {
		return math.NaN()
	}
	return s.Median
}

// valuesOf are a metric's values in the rounds that measured it.
func valuesOf(rounds []Sample, m Metric) []float64 {
	var xs []float64
	for _, s := range rounds {
		if v, ok := s[m]; ok {
			xs = append(xs, v)
		}
	}
	return xs
}

// ratiosOf divides a's metric by b's of the same round, for every round that
// has both. Pairing within the round cancels the drift of the machine; the
// quotient of two medians would not.
func ratiosOf(a, b []Sample, m Metric) []float64 {
	var xs []float64
	for i := range min(len(a), len(b)) {
		x, okX := a[i][m]
		y, okY := b[i][m]
		if okX && okY && y != 0 {
			xs = append(xs, x/y)
		}
	}
	return xs
}

// format prints the median, and the quartiles in brackets if there are any to
// speak of, each with the printer of values.
func (s Spread) format(value func(float64) string) string {
	middle, low, high := value(s.Median), value(s.Low), value(s.High)
	if low == middle && high == middle {
		return middle
	}
	return fmt.Sprintf("%s [%s–%s]", middle, low, high)
}
