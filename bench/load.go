package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// closedLoop lets every caller make one call after the other for the time of d,
// and measures latency, rate, CPU time and allocations.
//
// Each caller reads the clock once per call: the end of one call is the
// beginning of the next. So a latency contains one reading of the clock (main
// prints what that costs) and counting the call, some 10 ns.
//
// A caller's last call ends after d, perhaps long after. So the rate is the sum
// of the callers' own: calls, divided by the time until the last of them ended.
func closedLoop(s Session, calls []Call, d time.Duration) (Sample, error) {
	type caller struct {
		hist hist
		took time.Duration
		err  error
		_    [64]byte // shares no cache line with the next caller
	}
	callers := make([]caller, len(calls))
	start := make(chan struct{})
	var began time.Time
	var ready, done sync.WaitGroup
	for i, call := range calls {
		ready.Add(1)
		done.Go(func() {
			me := &callers[i]
			ready.Done()
			<-start
			last := time.Since(began)
			for {
				if err := call(); err != nil {
					me.err = err
					return
				}
				now := time.Since(began)
				me.hist.add(now - last)
				last = now
				if now >= d {
					me.took = now
					return
				}
			}
		})
	}
	ready.Wait()
	runtime.GC() // no peer pays for the garbage of the one before
	before := readUsage(s.PIDs())
	began = time.Now()
	close(start)
	done.Wait()
	after := readUsage(s.PIDs())

	var all hist
	var rate float64
	for i := range callers {
		if err := callers[i].err; err != nil {
			return nil, fmt.Errorf("calling with %d callers: %w", len(calls), err)
		}
		all.merge(&callers[i].hist)
		rate += float64(callers[i].hist.n) / callers[i].took.Seconds()
	}
	sample := Sample{
		P50:  all.quantile(0.50),
		P99:  all.quantile(0.99),
		Rate: rate,
	}
	after.since(before, float64(all.n), sample)
	return sample, nil
}

// usage is what two processes have used so far.
type usage struct {
	at             time.Time
	own, workers   time.Duration
	hasCPU         bool
	mallocs, bytes uint64
}

// readUsage reads the counters of this process and of its workers.
func readUsage(workers []int) usage {
	var u usage
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.mallocs, u.bytes = m.Mallocs, m.TotalAlloc
	var okOwn, okWorkers bool
	u.workers, okWorkers = processCPU(workers)
	u.own, okOwn = ownCPU()
	u.hasCPU = okOwn && okWorkers
	u.at = time.Now()
	return u
}

// since puts what n calls have used between before and u into sample.
func (u usage) since(before usage, n float64, sample Sample) {
	sample[Allocs] = float64(u.mallocs-before.mallocs) / n
	sample[AllocBytes] = float64(u.bytes-before.bytes) / n
	if !u.hasCPU || !before.hasCPU {
		return
	}
	micros := func(d time.Duration) float64 { return float64(d) / 1e3 }
	workers := u.workers - before.workers
	sample[CPU] = micros(u.own-before.own+workers) / n
	sample[WorkerCPU] = micros(workers) / n
	sample[WorkerShare] = 100 * workers.Seconds() / u.at.Sub(before.at).Seconds()
}

// busy is the CPU time that the whole machine has used, and the benchmark of
// it.
type busy struct {
	at       time.Time
	all, own time.Duration
	cpus     int // of the machine, whichever of them this process may use
}

// others is the share of all CPUs that other processes used between before and
// b, in percent.
func (b busy) others(before busy) float64 {
	used := (b.all - before.all) - (b.own - before.own)
	return max(0, 100*used.Seconds()/b.at.Sub(before.at).Seconds()/float64(b.cpus))
}
