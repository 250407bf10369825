package main

// Metric names one measured quantity; the name is also its key in the JSON
// report.
type Metric string

const (
	P50         Metric = "p50_us"                 // median latency, µs
	P99         Metric = "p99_us"                 // 99th percentile of the latency, µs
	Rate        Metric = "calls_per_s"            // calls of all callers per second
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
