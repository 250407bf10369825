package metrics

import "github.com/legion-go/legion/meter"

// writeOwn writes the metrics that the program has declared. Package meter sees
// to it that their names are valid and not Legion's.
func writeOwn(out *sink, families []meter.Family) {
	for _, f := range families {
		m := &metric{name: f.Name, kind: kind(f.Kind.String()), help: f.Help, labels: append([]string{"pool"}, f.Labels...)}
		out.begin(m)
		for _, s := range f.Series {
			labels := append([]string{s.Pool}, s.Values...)
			if f.Kind == meter.KindHistogram {
				out.buckets(f.Buckets, s.Counts, s.Sum, labels...)
			} else {
				out.value(s.Value, labels...)
			}
		}
	}
}
