package metrics

import "github.com/legion-go/legion/status"

// The values of labels that there are from the first scrape on.
var (
	poolStates   = []string{"running", "paused", "failed", "stopping", "stopped"}
	workerStates = []string{"starting", "ready", "looping", "paused", "ended", "leaving", "dying", "killed", "stuck"}
)

// eachPool writes one value of each pool.
func eachPool(of func(*status.PoolStats) float64) func(*scrape, *sink) {
	return func(s *scrape, out *sink) {
		for i := range s.Pools {
			out.value(of(&s.Pools[i]), s.Pools[i].Name)
		}
	}
}

func payload(s *scrape, out *sink) {
	for _, p := range s.Pools {
		out.count(p.BytesIn, p.Name, "in")
		out.count(p.BytesOut, p.Name, "out")
	}
}

func poolState(s *scrape, out *sink) {
	for _, p := range s.Pools {
		for _, state := range poolStates {
			out.is(p.State == state, p.Name, state)
		}
	}
}

func poolWorkers(s *scrape, out *sink) {
	for _, p := range s.Pools {
		counts := map[string]uint64{}
		for _, w := range p.Workers {
			counts[w.State]++
		}
		each(counts, workerStates, func(state string, n uint64) { out.count(n, p.Name, state) })
	}
}

func memoryLimit(s *scrape, out *sink) {
	for _, p := range s.Pools {
		if p.MemoryLimit > 0 {
			out.count(p.MemoryLimit, p.Name)
		}
	}
}

func recycled(s *scrape, out *sink) {
	for _, p := range s.Pools {
		each(p.RecycledBy, status.RecycleReasons, func(reason string, n uint64) { out.count(n, p.Name, reason) })
	}
}

func deaths(s *scrape, out *sink) {
	for _, p := range s.Pools {
		each(p.DeathsBy, status.DeathCauses, func(cause string, n uint64) { out.count(n, p.Name, cause) })
	}
}

func startSeconds(s *scrape, out *sink) {
	for _, p := range s.Pools {
		out.histogram(p.StartTimes, p.Name)
	}
}
