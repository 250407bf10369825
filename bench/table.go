package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// titles are the headings of the metrics.
var titles = map[Metric]string{
	P50: "p50 µs", P99: "p99 µs", Rate: "calls/s", Throughput: "MB/s",
	CPU: "CPU µs/call", WorkerCPU: "worker CPU", Allocs: "allocs/call", AllocBytes: "B/call",
	WorkerShare: "worker CPU %", Private: "private KiB", PSS: "PSS KiB",
	HeapPeak: "heap + KiB", HeapKept: "kept KiB", Floods: "floods/s",
}

const none = "–" // a cell without a value

// write prints the row as a table.
func (r *Result) write(w io.Writer) {
	header := []string{"peer"}
	for _, m := range r.row.Columns {
		header = append(header, titles[m])
	}
	for _, v := range r.row.Versus {
		header = append(header, v.title())
	}
	var lines [][]string
	for _, pr := range r.Peers {
		line := []string{pr.Name}
		switch {
		case pr.Error != "":
			line = append(line, "failed, see below")
		case pr.Absent != "":
			line = append(line, pr.Absent)
		default:
			for _, m := range r.row.Columns {
				line = append(line, cell(pr.Median, m))
			}
			for _, v := range r.row.Versus {
				line = append(line, r.ratioCell(pr.Name, v))
			}
		}
		lines = append(lines, line)
	}
	fmt.Fprintf(w, "%s: %s%s\n", r.Name, r.About, r.noise())
	writeTable(w, header, lines)
	fmt.Fprintln(w)
}

// noise says what else the machine did.
func (r *Result) noise() string {
	if r.Others == nil {
		return ""
	}
	return fmt.Sprintf("; others used %.0f %% of the CPUs", *r.Others)
}

func cell(s Sample, m Metric) string {
	v, ok := s[m]
	if !ok {
		return none
	}
	return number(v)
}

// ratioCell is a comparison with its quartiles; with nothing around it for the
// peer that the others are compared with.
func (r *Result) ratioCell(of string, v Versus) string {
	s, ok := r.ratio(of, v)
	if !ok {
		return none
	}
	return s.format(number)
}

// number prints a value that is not negative with three or four significant
// digits, and thousands in groups: 0.041, 7.25, 83.1, 1,234,567.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return none
	case v == 0:
		return "0"
	case v < 1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// writeTable prints a table: the first column to the left, the others to the
// right. A line may be shorter than the header.
func writeTable(w io.Writer, header []string, lines [][]string) {
	width := make([]int, len(header))
	all := append([][]string{header}, lines...)
	for _, line := range all {
		for i, s := range line {
			width[i] = max(width[i], utf8.RuneCountInString(s))
		}
	}
	for _, line := range all {
		var b strings.Builder
		for i, s := range line {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			if i == 0 {
				b.WriteString("  " + s + space)
			} else {
				b.WriteString("  " + space + s)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
