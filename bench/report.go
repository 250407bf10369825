package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"
)

// Report is the JSON file of a run.
type Report struct {
	Began    time.Time `json:"began"`
	Took     string    `json:"took"`
	Machine  Machine   `json:"machine"`
	Config   Config    `json:"config"` // durations in nanoseconds
	Rounds   int       `json:"rounds"`
	Results  []*Result `json:"rows"`
	Verdicts []Verdict `json:"targets"`
}

// Machine is where a run took place.
type Machine struct {
	Go          string         `json:"go"`
	System      string         `json:"system"`
	CPUs        int            `json:"cpus"`
	Procs       int            `json:"gomaxprocs"`          // of the caller's process
	WorkerProcs map[string]int `json:"worker_gomaxprocs"`   // of each peer's worker
	ClockNanos  float64        `json:"clock_reading_nanos"` // one of these is in every latency of a closed loop
}

func describe(peers []Peer) Machine {
	m := Machine{
		Go:          runtime.Version(),
		System:      runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:        runtime.NumCPU(),
		Procs:       runtime.GOMAXPROCS(0),
		WorkerProcs: map[string]int{},
		ClockNanos:  clockCost(),
	}
	for _, p := range peers {
		m.WorkerProcs[p.Name()] = p.Procs()
	}
	return m
}

func (m Machine) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %d CPUs, GOMAXPROCS %d here, in the workers:", m.Go, m.System, m.CPUs, m.Procs)
	for i, name := range slices.Sorted(maps.Keys(m.WorkerProcs)) {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, " %s %d", name, m.WorkerProcs[name])
	}
	fmt.Fprintf(w, "\nreading the clock takes %.0f ns, which every latency of a closed loop contains once\n\n", m.ClockNanos)
}

// clockCost is the time that one reading of the clock takes, in ns: the median
// of some batches.
func clockCost() float64 {
	const batches, readings = 21, 1000
	var costs []float64
	began := time.Now()
	for range batches {
		from := time.Since(began)
		for range readings {
			_ = time.Since(began)
		}
		costs = append(costs, float64(time.Since(began)-from)/readings)
	}
	return median(costs)
}

// save writes the report to a file.
func (r *Report) save(path string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the report to %s: %w", path, err)
	}
	return nil
}
