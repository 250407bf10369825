package meter_test

import (
	"fmt"

	"github.com/legion-go/legion/meter"
)

var (
	made = meter.NewCounter("example_made_total", "Thumbnails made, by format.", "format")
	jobs = meter.NewGauge("example_jobs", "Thumbnails that are being made.")
	size = meter.NewHistogram("example_size_bytes", "Sizes of thumbnails.", []float64{1000, 10_000})
)

func Example() {
	jobs.Add(1)
	size.Observe(4096)
	made.With("jpeg").Inc()
	jobs.Add(-1)

	for _, f := range meter.Gather() {
		switch f.Name {
		case "example_made_total", "example_jobs":
			for _, s := range f.Series {
				fmt.Println(f.Kind, f.Name, s.Values, s.Value)
			}
		case "example_size_bytes":
			fmt.Println(f.Kind, f.Name, f.Buckets, f.Series[0].Counts, f.Series[0].Sum)
		}
	}
	// Output:
	// gauge example_jobs [] 0
	// counter example_made_total [jpeg] 1
	// histogram example_size_bytes [1000 10000] [0 1 0] 4096
}
