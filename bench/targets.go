package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// The peers that have targets: Legion with default settings, …
const (
	subject      = "legion"
	smallSubject = "legion-small" // … in a small program, where size matters
)

// Target is a promise about one of them: a metric of a row, as it is or divided
// by another peer's.
type Target struct {
	Row     string  `json:"row"`
	Of      string  `json:"of,omitempty"` // the peer with the target; "" = subject
	Metric  Metric  `json:"metric"`
	Versus  string  `json:"versus,omitempty"` // divide by this peer's; "" = the value itself
	AtLeast bool    `json:"at_least"`         // the limit is a lower bound
	Limit   float64 `json:"limit"`
}

// Verdict is a Target beside what was measured.
type Verdict struct {
	Target
	Measured *Spread `json:"measured"` // nil = not measured in this run
}

func allTargets() []Target {
	return slices.Concat([]Target{
		{Row: "64B x1", Metric: P50, Versus: baseline, Limit: 0.02},
		{Row: "64B x64", Metric: Rate, Versus: baseline, AtLeast: true, Limit: 23},
		{Row: "64B x1000", Metric: Rate, Versus: baseline, AtLeast: true, Limit: 20},
		{Row: "64B x1", Metric: Allocs, Limit: 1.05}, // the result itself, and the work of the rest of the process
		{Row: "struct x1", Metric: P50, Versus: baseline, Limit: 0.04},
		{Row: "struct x64", Metric: Rate, Versus: baseline, AtLeast: true, Limit: 15},
		{Row: "paced", Metric: P50, Versus: baseline, Limit: 0.28},
		{Row: "paced", Metric: WorkerShare, Versus: baseline, Limit: 0.15},
	}, payloadTargets(), []Target{
		{Row: "task", Of: taskName, Metric: P50, Versus: execSelf, Limit: 0.3},
		{Row: "task", Of: coldName, Metric: P50, Versus: execSelf, Limit: 1.3},
		{Row: "idle", Of: smallSubject, Metric: Private, Limit: 870},
		{Row: "idle", Metric: WorkerShare, Limit: 0.05},
		{Row: "abuse", Of: "crowd", Metric: P50, Versus: quiet, Limit: 1.25},
		{Row: "abuse", Of: "floods", Metric: P99, Versus: elsewhere, Limit: 1.5},
	}, neighbourTargets())
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
func (t Target) value(r *Result) *Spread {
	var s Spread
	var ok bool
	if t.Versus != "" {
		s, ok = r.ratio(t.subject(), Versus{t.Metric, t.Versus})
	} else if mine := r.peer(t.subject()); mine != nil {
		s, ok = spreadOf(valuesOf(mine.Rounds, t.Metric))
	}
	if !ok {
		return nil
	}
	return &s
}

func (t Target) subject() string {
	return cmp.Or(t.Of, subject)
}

// verdict is "pass" or "miss" for a target that was measured.
func (v Verdict) verdict() string {
	if m := v.Measured.Median; m == v.Limit || v.AtLeast == (m > v.Limit) {
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
	header := []string{"target", "measured", "quartiles", "limit", ""}
	var lines [][]string
	for _, v := range verdicts {
		if m := v.Measured; m != nil {
			quartiles := v.format(m.Low) + " – " + v.format(m.High)
			lines = append(lines, []string{v.title(), v.format(m.Median), quartiles, v.bound(), v.verdict()})
		}
	}
	fmt.Fprintf(w, "targets, as medians of the rounds with the quartiles; %d of %d were measured\n", len(lines), len(verdicts))
	writeTable(w, header, lines)
}

// title says what the target is about.
func (t Target) title() string {
	about := fmt.Sprintf("%s, %s of %s", t.Row, titles[t.Metric], t.subject())
	if t.Versus != "" {
		about += " ÷ " + t.Versus
	}
	return about
}

// bound prints the limit with its direction.
func (t Target) bound() string {
	if t.AtLeast {
		return "≥ " + t.format(t.Limit)
	}
	return "≤ " + t.format(t.Limit)
}
