package main

import (
	"math"
	"slices"
)

// Metric names one measured quantity; the name is also its key in the JSON
// report.
type Metric string

const (
	P50         Metric = "p50_us"                 // median latency, µs
	P99         Metric = "p99_us"                 // 99th percentile of the latency, µs
	Rate        Metric = "calls_per_s"            // calls that ended within the measured time, per second
	Throughput  Metric = "mb_per_s"               // payload in one direction, 10^6 bytes per second
	CPU         Metric = "cpu_us_per_call"        // CPU time of caller and worker process together, µs
	WorkerCPU   Metric = "worker_cpu_us_per_call" // CPU time of the worker process alone, µs
	Allocs      Metric = "allocs_per_call"        // heap objects allocated in the caller's process
	AllocBytes  Metric = "alloc_bytes_per_call"   // heap bytes allocated in the caller's process
	WorkerShare Metric = "worker_cpu_percent"     // CPU time of the worker process, percent of one core
	Private     Metric = "private_kib"            // memory that only the worker has, KiB
	PSS         Metric = "pss_kib"                // the same plus its share of what it shares, KiB
	HeapPeak    Metric = "heap_peak_kib"          // what the daemon's heap grew by at most, garbage included, KiB
	HeapKept    Metric = "heap_kept_kib"          // the same after the abuse has ended, without garbage, KiB
	Floods      Metric = "floods_per_s"           // abusive requests that were answered, per second
)

// Sample is the result of one measurement of one peer. A metric that a row does
// not measure, or that this system does not have, is absent.
type Sample map[Metric]float64

// median of xs; NaN of none. With an even count it is the mean of the middle
// two.
func median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(xs))
	mid := len(s) / 2
	if len(s)%2 == 1 {
		return s[mid]
	}
	return (s[mid-1] + s[mid]) / 2
}

// medianOf is the median over rounds of one metric; NaN if no round measured
// it.
func medianOf(rounds []Sample, m Metric) float64 {
	var xs []float64
	for _, s := range rounds {
		if v, ok := s[m]; ok {
			xs = append(xs, v)
		}
	}
	return median(xs)
}

// ratioOf is the median over rounds of a's metric divided by b's in the same
// round. Pairing within the round cancels the drift of the machine; the
// quotient of two medians would not. NaN if no round has both.
func ratioOf(a, b []Sample, m Metric) float64 {
	var xs []float64
	for i := range min(len(a), len(b)) {
		x, okX := a[i][m]
		y, okY := b[i][m]
		if okX && okY && y != 0 {
			xs = append(xs, x/y)
		}
	}
	return median(xs)
}
