package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
)

// The peers that have targets: Legion with default settings, and in a
// small program where size matters.
const (
	subject      = "legion"
	smallSubject = "legion-small"
)

// Target is a promise about one of them: a metric of a row, as it is or divided
// by another peer's.
type Target struct {
	Row     string  `json:"row"`
	Of      string  `json:"of,omitempty"` // the peer with the target; "" = subject
	Metric  Metric  `json:"metric"`
	Versus  string  `json:"versus,omitempty"` // divide by this peer's; "" = the value itself
	AtLeast bool    `json:"at_least"`         // the limits are lower bounds
	Now     float64 `json:"now,omitempty"`    // limit of this version; 0 = no promise yet
	Final   float64 `json:"final"`            // limit of the finished framework
}

// Verdict is a Target beside what was measured.
type Verdict struct {
	Target
	Measured *float64 `json:"measured"` // nil = not measured in this run
}

func allTargets() []Target {
	return []Target{
		{Row: "64B x1", Metric: P50, Versus: baseline, Now: 0.05, Final: 0.02},
		{Row: "64B x1", Metric: P50, Versus: "raw", Final: 0.08},
		{Row: "64B x64", Metric: Rate, Versus: baseline, AtLeast: true, Now: 10, Final: 25},
		{Row: "64B x64", Metric: Rate, Versus: "raw", AtLeast: true, Final: 4},
		{Row: "4KiB x1", Metric: P50, Versus: baseline, Final: 0.05},
		{Row: "1MiB x64", Metric: Throughput, Versus: baseline, AtLeast: true, Final: 10},
		{Row: "struct x1", Metric: P50, Versus: baseline, Final: 0.04},
		{Row: "64B x1", Metric: Allocs, Final: 1.05}, // the result itself, and the work of the rest of the process
		{Row: "paced", Metric: P50, Versus: baseline, Final: 0.20},
		{Row: "paced", Metric: WorkerShare, Versus: baseline, Final: 0.30},
		{Row: "spawn", Of: smallSubject, Metric: P50, Versus: baseline, Final: 0.40},
		{Row: "idle", Of: smallSubject, Metric: Private, Final: 1024},
		{Row: "idle", Metric: WorkerShare, Final: 0.05},
		{Row: "abuse", Of: "crowd", Metric: P50, Versus: quiet, Final: 1.25},
		{Row: "abuse", Of: "floods", Metric: P50, Versus: elsewhere, Final: 2},
	}
}

// judge measures the targets by the results.
func judge(targets []Target, results []*Result) []Verdict {
	var all []Verdict
	for _, t := range targets {
		v := Verdict{Target: t}
		for _, r := range results {
			if r.Name == t.Row {
				v.Measured = t.value(r)
			}
		}
		all = append(all, v)
	}
	return all
}

// value is what r says about the target; nil if r lacks one of the peers or the
// metric.
func (t Target) value(r *Result) *float64 {
	mine := r.peer(t.subject())
	if mine == nil {
		return nil
	}
	v := medianOf(mine.Rounds, t.Metric)
	if t.Versus != "" {
		other := r.peer(t.Versus)
		if other == nil {
			return nil
		}
		v = ratioOf(mine.Rounds, other.Rounds, t.Metric)
	}
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func (t Target) subject() string {
	return cmp.Or(t.Of, subject)
}

// meets compares the measured value with a limit: "pass", "miss", or a text
// that says which of the two is missing.
func (v Verdict) meets(limit float64) string {
	switch {
	case v.Measured == nil || limit == 0:
		return none
	case v.AtLeast && *v.Measured >= limit, !v.AtLeast && *v.Measured <= limit:
		return "pass"
	}
	return "miss"
}

// format prints a limit or a measured value: lower bounds of ratios as
// multiples, upper ones as percent.
func (t Target) format(v float64) string {
	switch {
	case t.Versus == "":
		return number(v)
	case t.AtLeast:
		return number(v) + " ×"
	}
	return number(100*v) + " %"
}

func writeTargets(w io.Writer, verdicts []Verdict) {
	fmt.Fprintf(w, "targets of %s, as medians of the rounds\n", subject)
	header := []string{"metric", "measured", "this version", "", "final", ""}
	var lines [][]string
	for _, v := range verdicts {
		about := v.Row + ", " + titles[v.Metric]
		if v.Of != "" {
			about += " of " + v.Of
		}
		if v.Versus != "" {
			about += " ÷ " + v.Versus
		}
		measured := none
		if v.Measured != nil {
			measured = v.format(*v.Measured)
		}
		lines = append(lines, []string{about, measured, v.limit(v.Now), v.meets(v.Now), v.limit(v.Final), v.meets(v.Final)})
	}
	writeTable(w, header, lines)
}

// limit prints a bound with its direction.
func (t Target) limit(v float64) string {
	switch {
	case v == 0:
		return none
	case t.AtLeast:
		return "≥ " + t.format(v)
	}
	return "≤ " + t.format(v)
}
