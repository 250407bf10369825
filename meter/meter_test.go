package meter_test

import (
	"math"
	"slices"
	"testing"

	"github.com/legion-go/legion/meter"
)

var (
	plain    = meter.NewCounter("test_plain_total", "Counts without labels.")
	labelled = meter.NewCounter("test_labelled_total", "Counts by label.", "a", "b")
	level    = meter.NewGauge("test_level", "Goes up and down.")
	sizes    = meter.NewHistogram("test_sizes", "Counts by size.", []float64{1, 10})
)

func gathered(t *testing.T, name string) meter.Family {
	t.Helper()
	for _, f := range meter.Gather() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("%s is not gathered", name)
	return meter.Family{}
}

// series returns one series of the test binary itself, less what it was before.
func series(t *testing.T, name string, before meter.Series, values ...string) meter.Series {
	t.Helper()
	for _, s := range gathered(t, name).Series {
		if s.Pool != "" || !slices.Equal(s.Values, values) {
			continue
		}
		s.Value -= before.Value
		s.Sum -= before.Sum
		for n, c := range before.Counts {
			s.Counts[n] -= c
		}
		return s
	}
	return meter.Series{}
}

func TestCounting(t *testing.T) {
	none := meter.Series{}
	before := series(t, "test_plain_total", none)
	plain.Inc()
	plain.Add(2)
	plain.Add(0.5)
	for _, v := range []float64{-1, 0, math.NaN(), math.Inf(1), math.Inf(-1)} {
		plain.Add(v)
	}
	if s := series(t, "test_plain_total", before); s.Value != 3.5 {
		t.Errorf("%+v", s)
	}

	before = series(t, "test_labelled_total", none, "x", "y")
	other := series(t, "test_labelled_total", none, "xy", "")
	labelled.With("x", "y").Inc()
	labelled.With("xy", "").Add(1 << 40)
	if s := series(t, "test_labelled_total", before, "x", "y"); s.Value != 1 {
		t.Errorf("%+v", s)
	}
	if s := series(t, "test_labelled_total", other, "xy", ""); s.Value != 1<<40 {
		t.Errorf("%+v", s)
	}

	level.Set(7)
	level.Add(-2.5)
	level.Set(math.NaN())
	level.Add(math.Inf(1))
	if s := series(t, "test_level", none); s.Value != 4.5 {
		t.Errorf("%+v", s)
	}

	before = series(t, "test_sizes", none)
	for _, v := range []float64{-3, 1, 1.5, 10, 11, math.NaN(), math.Inf(1)} {
		sizes.Observe(v)
	}
	if s := series(t, "test_sizes", before); !slices.Equal(s.Counts, []uint64{2, 2, 1}) || s.Sum != 23.5 {
		t.Errorf("%+v", s)
	}
	if f := gathered(t, "test_sizes"); f.Kind != meter.KindHistogram || f.Help != "Counts by size." || !slices.Equal(f.Buckets, []float64{1, 10}) {
		t.Errorf("%+v", f)
	}
}

// Counting allocates nothing, and With neither.
func TestCountingIsLight(t *testing.T) {
	labelled.With("x", "y").Inc()
	if n := testing.AllocsPerRun(100, func() {
		plain.Inc()
		plain.Add(1.5)
		labelled.With("x", "y").Inc()
		level.Set(1)
		level.Add(1)
		sizes.Observe(3)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMisuse(t *testing.T) {
	for name, f := range map[string]func(){
		"twice":          func() { meter.NewCounter("test_plain_total", "Counts without labels.") },
		"same family":    func() { meter.NewGauge("test_plain", "x") },
		"nothing else":   func() { meter.NewCounter("_total", "x") },
		"digit":          func() { meter.NewCounter("1_total", "x") },
		"no _total":      func() { meter.NewCounter("test_x", "x") },
		"_total":         func() { meter.NewGauge("test_x_total", "x") },
		"reserved":       func() { meter.NewGauge("legion_x", "x") },
		"no help":        func() { meter.NewGauge("test_x", " ") },
		"suffix":         func() { meter.NewHistogram("test_x_sum", "x", nil) },
		"label":          func() { meter.NewGauge("test_x", "x", "a-b") },
		"pool":           func() { meter.NewGauge("test_x", "x", "pool") },
		"le":             func() { meter.NewHistogram("test_x", "x", nil, "le") },
		"same label":     func() { meter.NewGauge("test_x", "x", "a", "a") },
		"no bucket":      func() { meter.NewHistogram("test_x", "x", []float64{}) },
		"order":          func() { meter.NewHistogram("test_x", "x", []float64{2, 1}) },
		"infinite":       func() { meter.NewHistogram("test_x", "x", []float64{1, math.Inf(1)}) },
		"negative":       func() { meter.NewHistogram("test_x", "x", []float64{-1, 1}) },
		"no values":      func() { labelled.Inc() },
		"too few values": func() { labelled.With("x") },
		"With twice":     func() { labelled.With("x", "y").With("x", "y") },
	} {
		func() {
			defer func() {
				if said, ok := recover().(string); !ok {
					t.Errorf("%s: no panic", name)
				} else {
					t.Logf("%s: %s", name, said)
				}
			}()
			f()
		}()
	}
}

func BenchmarkInc(b *testing.B) {
	for b.Loop() {
		plain.Inc()
	}
}

func BenchmarkWithInc(b *testing.B) {
	for b.Loop() {
		labelled.With("x", "y").Inc()
	}
}

func BenchmarkObserve(b *testing.B) {
	for b.Loop() {
		sizes.Observe(3)
	}
}
