package metrics

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// programStart is when this program began, also if another one ran in the
// process before it: that is when counters began.
var programStart = time.Now()

func startTime(_ *scrape, out *sink) { out.value(unixSeconds(programStart)) }

func goInfo(_ *scrape, out *sink) { out.value(1, runtime.Version()) }

// goMetric writes the sum of metrics of the Go runtime.
func goMetric(names ...string) func(*scrape, *sink) {
	return func(_ *scrape, out *sink) {
		samples := make([]metrics.Sample, len(names))
		for i, name := range names {
			samples[i].Name = name
		}
		metrics.Read(samples)
		sum := uint64(0)
		for _, s := range samples {
			if s.Value.Kind() != metrics.KindUint64 {
				return // this version of Go does not have it
			}
			sum += s.Value.Uint64()
		}
		out.count(sum)
	}
}

// gcPauses writes quantiles of the last pauses, at most 256, as Go's client
// does.
func gcPauses(_ *scrape, out *sink) {
	stats := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)}
	debug.ReadGCStats(&stats)
	out.head()
	out.label(nil)
	for i, quantile := range []string{"0", "0.25", "0.5", "0.75", "1"} {
		if out.openMetrics && len(quantile) == 1 {
			quantile += ".0"
		}
		out.line("", "quantile", quantile, stats.PauseQuantiles[i].Seconds())
	}
	out.line("_sum", "", "", stats.PauseTotal.Seconds())
	out.line("_count", "", "", float64(stats.NumGC))
}
