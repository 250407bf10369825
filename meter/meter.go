package meter

import (
	"slices"

	"github.com/legion-go/legion/internal/meters"
)

// Counter is a number that only goes up, such as pictures made. Any goroutine
// may use it.
type Counter meters.Series

// NewCounter declares a counter. The name ends in _total and has letters,
// digits and _ only; help says in a sentence what is counted; labels are the
// names of what tells its series apart. It panics if one of them is not as
// Prometheus wants it, or the name is taken.
func NewCounter(name, help string, labels ...string) *Counter {
	return (*Counter)(declare(meters.Counter, name, help, nil, labels))
}

// With returns the counter of these label values, one for each label in their
// order. It is quick enough to be called each time; what it returns may be
// kept. It panics if there are too many or too few values.
func (c *Counter) With(values ...string) *Counter {
	return (*Counter)((*meters.Series)(c).With(values))
}

// Inc adds 1. Add and Inc panic if the counter has labels and no values yet.
func (c *Counter) Inc() { (*meters.Series)(c).Add(0, 1) }

// Add adds v. A counter goes up only: what is not greater than 0, or not
// finite, is ignored.
func (c *Counter) Add(v float64) {
	s := (*meters.Series)(c)
	switch n := uint64(v); {
	case !finite(v) || v <= 0:
	case v < 1<<53 && float64(n) == v:
		s.Add(0, n)
	default:
		s.AddFloat(1, v)
	}
}

// Gauge is a number that goes up and down, such as open connections. The daemon
// adds up the gauges of the living workers of a pool; a worker that has ended
// counts nothing. Any goroutine may use it.
type Gauge meters.Series

// NewGauge declares a gauge. Names and panics are as with NewCounter, but the
// name does not end in _total.
func NewGauge(name, help string, labels ...string) *Gauge {
	return (*Gauge)(declare(meters.Gauge, name, help, nil, labels))
}

// With returns the gauge of these label values, as Counter.With does.
func (g *Gauge) With(values ...string) *Gauge {
	return (*Gauge)((*meters.Series)(g).With(values))
}

// Set sets the gauge of this process. What is not finite is ignored.
func (g *Gauge) Set(v float64) {
	if finite(v) {
		(*meters.Series)(g).Set(0, v)
	}
}

// Add adds v, which may be negative. What is not finite is ignored.
func (g *Gauge) Add(v float64) {
	if finite(v) {
		(*meters.Series)(g).AddFloat(0, v)
	}
}

// Histogram counts values, such as durations in seconds or sizes in bytes, in
// buckets, and adds them up. Any goroutine may use it.
type Histogram meters.Series

// NewHistogram declares a histogram. buckets are the upper bounds, in ascending
// order and not negative, at most 50; nil stands for those of Legion's own
// durations, from 10 µs to a minute. Names and panics are as with NewGauge.
func NewHistogram(name, help string, buckets []float64, labels ...string) *Histogram {
	if buckets == nil {
		buckets = durations
	}
	return (*Histogram)(declare(meters.Histogram, name, help, slices.Clone(buckets), labels))
}

var durations = []float64{.00001, .0001, .0005, .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}

// With returns the histogram of these label values, as Counter.With does.
func (h *Histogram) With(values ...string) *Histogram {
	return (*Histogram)((*meters.Series)(h).With(values))
}

// Observe counts v in the first bucket whose bound is not below v. What is
// negative counts as 0, for a clock may have been set; what is not finite is
// ignored. It counts first and adds to the sum then: of a worker that dies
// between the two, the sum lacks one value.
func (h *Histogram) Observe(v float64) {
	if !finite(v) {
		return
	}
	s := (*meters.Series)(h)
	v = max(v, 0)
	bounds := s.Instrument().Bounds
	bucket := 0
	for bucket < len(bounds) && v > bounds[bucket] {
		bucket++
	}
	s.Add(bucket, 1)
	s.AddFloat(len(bounds)+1, v)
}

func declare(kind meters.Kind, name, help string, bounds []float64, labels []string) *meters.Series {
	return meters.Declare(meters.Shape{Kind: kind, Name: name, Help: help, Labels: slices.Clone(labels), Bounds: bounds})
}

func finite(v float64) bool { return v-v == 0 }
