package meter

import (
	"slices"

	"github.com/legion-go/legion/internal/meters"
)

// Kind is what an instrument does.
type Kind uint8

const (
	KindCounter Kind = iota + 1
	KindGauge
	KindHistogram
)

// String returns "counter", "gauge" or "histogram".
func (k Kind) String() string { return meters.Kind(k).String() }

// Family is one instrument with all its series.
type Family struct {
	Name, Help string
	Kind       Kind
	Labels     []string  // names, without "pool"
	Buckets    []float64 // a histogram's upper bounds, without the last one, infinity
	Series     []Series  // by pool, then by values
}

// Series is what one pool, or the daemon itself, has counted for one set of
// label values.
type Series struct {
	Pool   string // "": the process that asks, which is the daemon
	Values []string
	Value  float64 // of a counter or a gauge
	// Of a histogram: Counts has the values in each bucket, not cumulative, and
	// last those above all bounds; Sum is the sum of the values.
	Counts []uint64
	Sum    float64
}

// Gather returns all instruments of the program, by name, with what the daemon
// and the workers of all its pools have counted up to now. An instrument
// without labels always has a series of the daemon; all others appear with
// their first use. Counters and histograms never go back while the daemon runs,
// whatever happens to its workers. In a worker it returns what this worker has
// counted, as pool "".
func Gather() []Family {
	gathered := meters.Gather()
	families := make([]Family, len(gathered))
	for n, g := range gathered {
		f := Family{
			Name: g.Name, Help: g.Help, Kind: Kind(g.Kind), Labels: slices.Clone(g.Labels), Buckets: slices.Clone(g.Bounds),
			Series: make([]Series, len(g.Series)),
		}
		for n, v := range g.Series {
			s := Series{Pool: v.Pool, Values: slices.Clone(v.Values)}
			if f.Kind == KindHistogram {
				s.Counts, s.Sum = v.Words[:len(v.Words)-1], v.Last()
			} else {
				s.Value = v.Float()
			}
			f.Series[n] = s
		}
		families[n] = f
	}
	return families
}
