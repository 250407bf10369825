package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// kept is how many results a report remembers: enough for a table, not so many
// that a daemon grows from week to week.
const kept = 1000

// report collects the results of the files. It is not safe for use from several
// goroutines: it lives on the daemon's loop.
type report struct {
	results []result // the last ones
	counts  [outcomes]int
}

func (r *report) add(done result) {
	r.counts[done.outcome]++
	if len(r.results) == kept {
		r.results = r.results[:copy(r.results, r.results[1:])]
	}
	r.results = append(r.results, done)
}

// total is how many files there were.
func (r *report) total() (n int) {
	for _, count := range r.counts {
		n += count
	}
	return n
}

// refused is how many files were dealt with, but have no thumbnail.
func (r *report) refused() (n int) {
	for o, count := range r.counts {
		if outcome(o).dealtWith() && outcome(o) != written {
			n += count
		}
	}
	return n
}

// open is how many files were not dealt with.
func (r *report) open() int { return r.counts[notSaved] + r.counts[leftOver] }

// table writes a line per file, in the order of their names.
func (r *report) table(w io.Writer) {
	if len(r.results) < r.total() {
		fmt.Fprintf(w, "The last %d of %d files:\n", len(r.results), r.total())
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tBYTES\tPICTURE\tOUTCOME\tTIME\tWORKER\tWHY")
	sorted := slices.SortedStableFunc(slices.Values(r.results), func(a, b result) int { return strings.Compare(a.name, b.name) })
	for _, done := range sorted {
		pid := "-"
		if done.pid > 0 {
			pid = fmt.Sprint(done.pid)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			oneLine(done.name, 32), bytesText(done.size), cmp.Or(done.picture, "-"), done.outcome, seconds(done.took), pid, cmp.Or(done.why, "-"))
	}
	t.Flush()
}

// counted writes one line: how many files came to which outcome.
func (r *report) counted(w io.Writer) {
	var parts []string
	for o, count := range r.counts {
		if count > 0 && outcome(o) != written {
			parts = append(parts, fmt.Sprintf("%d %s", count, outcome(o)))
		}
	}
	fmt.Fprintf(w, "%d files: %d thumbnails, %d refused", r.total(), r.counts[written], r.refused())
	if n := r.open(); n > 0 {
		fmt.Fprintf(w, ", %d not dealt with", n)
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, " (%s)", strings.Join(parts, ", "))
	}
	fmt.Fprintln(w)
}

// seconds formats d in seconds.
func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// bytesText is n bytes, in the unit that fits.
func bytesText(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d B", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d MiB", n>>20)
	}
}
