package metrics

import (
	"slices"

	"github.com/legion-go/legion/status"
)

// allFunctions is the name of the functions of a pool that are shown as one.
const allFunctions = "_all"

// series is how many series there are without folding, the program's own left
// out.
func (s *scrape) series() int {
	histogramSeries := len(status.Bounds) + 3 // with +Inf, sum and count
	each := len(status.Outcomes) + 2*histogramSeries
	if s.runSeconds {
		each += histogramSeries
	}
	n := 150 // of the daemon, about
	for i := range s.Pools {
		n += 65 + each*len(s.Pools[i].Funcs)
	}
	return n
}

// funcsOf returns the functions of a pool: all of them, or one that stands for
// them.
func (s *scrape) funcsOf(p *status.PoolStats) []status.FuncStats {
	if !s.folded || len(p.Funcs) == 0 {
		return p.Funcs
	}
	if all, known := s.funcs[p.Name]; known {
		return all
	}
	one := status.FuncStats{Name: allFunctions, Outcomes: map[string]uint64{}}
	for i := range p.Funcs {
		f := &p.Funcs[i]
		for outcome, n := range f.Outcomes {
			one.Outcomes[outcome] += n
		}
		addHistogram(&one.Duration, f.Duration)
		addHistogram(&one.Waiting, f.Waiting)
		addHistogram(&one.Running, f.Running)
	}
	if s.funcs == nil {
		s.funcs = map[string][]status.FuncStats{}
	}
	s.funcs[p.Name] = []status.FuncStats{one}
	return s.funcs[p.Name]
}

func addHistogram(to *status.Histogram, h status.Histogram) {
	for len(to.Counts) < len(h.Counts) {
		to.Counts = append(to.Counts, 0)
	}
	for i, n := range h.Counts {
		to.Counts[i] += n
	}
	to.Sum += h.Sum
}

func callsTotal(s *scrape, out *sink) {
	for i := range s.Pools {
		p := &s.Pools[i]
		for _, f := range s.funcsOf(p) {
			each(f.Outcomes, status.Outcomes, func(outcome string, n uint64) { out.count(n, p.Name, f.Name, outcome) })
		}
	}
}

// eachFunc writes a histogram of each function.
func eachFunc(of func(*status.FuncStats) status.Histogram) func(*scrape, *sink) {
	return func(s *scrape, out *sink) {
		for i := range s.Pools {
			p := &s.Pools[i]
			for _, f := range s.funcsOf(p) {
				out.histogram(of(&f), p.Name, f.Name)
			}
		}
	}
}

func runSeconds(s *scrape, out *sink) {
	if s.runSeconds {
		eachFunc(func(f *status.FuncStats) status.Histogram { return f.Running })(s, out)
	}
}

func taskRuns(s *scrape, out *sink) {
	for i := range s.Pools {
		p := &s.Pools[i]
		if p.Kind != "task" {
			continue
		}
		sum := map[string]uint64{}
		for _, f := range p.Funcs {
			for outcome, n := range f.Outcomes {
				sum[outcome] += n
			}
		}
		each(sum, status.Outcomes, func(outcome string, n uint64) { out.count(n, p.Name, outcome) })
	}
}

// each calls fn for the known keys, in their order and with 0 if they are
// missing, and then for those that are not known.
func each(counts map[string]uint64, known []string, fn func(key string, n uint64)) {
	for _, key := range known {
		fn(key, counts[key])
	}
	var more []string
	for key := range counts {
		if !slices.Contains(known, key) {
			more = append(more, key)
		}
	}
	slices.Sort(more)
	for _, key := range more {
		fn(key, counts[key])
	}
}
