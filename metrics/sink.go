package metrics

import (
	"math"
	"strconv"
	"strings"

	"github.com/legion-go/legion/status"
)

// kind is the type of a metric.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
	summary   kind = "summary"
)

// metric is one of the table: a family in the words of Prometheus.
type metric struct {
	name   string
	kind   kind
	help   string
	labels []string
	from   func(*scrape, *sink) // writes its series
}

// sink writes metrics in the text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) or as
// OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
type sink struct {
	openMetrics bool
	b           []byte

	m      *metric // that is being written
	headed bool    // its head has been written
	labels []byte  // of the series that is being written, without braces
	series int
}

// begin begins a metric. Its head is written with its first series.
func (k *sink) begin(m *metric) { k.m, k.headed = m, false }

// end returns everything.
func (k *sink) end() []byte {
	if k.openMetrics {
		k.b = append(k.b, "# EOF\n"...)
	}
	return k.b
}

// head writes what stands before the series of a metric.
func (k *sink) head() {
	if k.headed {
		return
	}
	k.headed = true
	name, help := k.m.name, strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	if k.openMetrics {
		help = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
		if k.m.kind == counter {
			name = strings.TrimSuffix(name, "_total")
		}
	}
	k.add("# HELP ", name, " ", help.Replace(strings.ToValidUTF8(k.m.help, "\uFFFD")), "\n# TYPE ", name, " ", string(k.m.kind), "\n")
	if !k.openMetrics {
		return
	}
	for _, unit := range []string{"seconds", "bytes"} {
		if strings.HasSuffix(name, "_"+unit) {
			k.add("# UNIT ", name, " ", unit, "\n")
		}
	}
}

func (k *sink) add(parts ...string) {
	for _, s := range parts {
		k.b = append(k.b, s...)
	}
}

// value writes a series with one value. labels are the values of the metric's
// labels.
func (k *sink) value(v float64, labels ...string) {
	k.head()
	k.label(labels)
	k.line("", "", "", v)
}

// count is value for a whole number.
func (k *sink) count(n uint64, labels ...string) { k.value(float64(n), labels...) }

// is writes 1 if something is the case, else 0.
func (k *sink) is(it bool, labels ...string) {
	v := 0.0
	if it {
		v = 1
	}
	k.value(v, labels...)
}

// histogram writes the series of a histogram of durations.
func (k *sink) histogram(h status.Histogram, labels ...string) {
	k.buckets(durations, h.Counts, h.Sum.Seconds(), labels...)
}

// durations are status.Bounds in seconds.
var durations = func() []float64 {
	all := make([]float64, len(status.Bounds))
	for i, d := range status.Bounds {
		all[i] = d.Seconds()
	}
	return all
}()

// buckets writes the series of a histogram. counts are not cumulative; there is
// one more than bounds. Missing ones are 0.
func (k *sink) buckets(bounds []float64, counts []uint64, sum float64, labels ...string) {
	k.head()
	k.label(labels)
	total := uint64(0)
	for i := range len(bounds) + 1 {
		if i < len(counts) {
			total += counts[i]
		}
		bound := "+Inf"
		if i < len(bounds) {
			bound = k.bound(bounds[i])
		}
		k.line("_bucket", "le", bound, float64(total))
	}
	k.line("_sum", "", "", sum)
	k.line("_count", "", "", float64(total))
}

// bound writes a bound as Go's client does: OpenMetrics wants a number with a
// point.
func (k *sink) bound(v float64) string {
	s := number(nil, v)
	if k.openMetrics && !strings.ContainsAny(string(s), ".eIN") {
		s = append(s, ".0"...)
	}
	return string(s)
}

// label keeps the labels of the next series.
func (k *sink) label(values []string) {
	k.labels = k.labels[:0]
	for i, name := range k.m.labels {
		if i > 0 {
			k.labels = append(k.labels, ',')
		}
		k.labels = append(append(k.labels, name...), `="`...)
		k.labels = append(appendEscaped(k.labels, values[i]), '"')
	}
}

// appendEscaped appends the value of a label.
func appendEscaped(b []byte, s string) []byte {
	s = strings.ToValidUTF8(s, "\uFFFD")
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// line writes one series, with one more label if its name is not "".
func (k *sink) line(suffix, label, value string, v float64) {
	k.series++
	k.add(k.m.name, suffix)
	if len(k.labels) > 0 || label != "" {
		k.b = append(append(k.b, '{'), k.labels...)
		if label != "" {
			if len(k.labels) > 0 {
				k.b = append(k.b, ',')
			}
			k.add(label, `="`, value, `"`)
		}
		k.b = append(k.b, '}')
	}
	k.b = append(number(append(k.b, ' '), v), '\n')
}

// number appends a value.
func number(b []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(b, "+Inf"...)
	case math.IsInf(v, -1):
		return append(b, "-Inf"...)
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
