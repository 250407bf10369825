// Package screen has the screens: functions from the state to lines of text.
// They change nothing.
package screen

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/state"
)

// View is what a screen is drawn for.
type View struct {
	*state.State
	Width, Height int
	Chars         draw.Charset
	Now           time.Time
	Zone          *time.Location
	Filter        string // only rows with this text
	Sort          int    // column by which the rows are sorted, from 1; 0: the screen's own order
	Pool          string // the chosen one; "": the first
	Tagged        map[string]bool
}

// Subject is what a row is about, for the keys that act on it.
type Subject struct {
	Key    string // tells rows apart, also when they move
	Pool   string
	Worker uint64
	PID    int
	Call   string // what runs in the worker
	Func   string // of Pool
	Paused bool   // the pool is
	Death  uint64 // number of a certificate
	Kind   string // of deaths
	What   string // "" or "daemon"
}

// Page is a screen's content.
type Page struct {
	Top    []string // above the table
	Table  *draw.Table
	Rows   []Subject // of the table's rows
	Bottom []string  // below it
	Empty  string    // what is said if there are no rows
}

// add adds a row if it has the filter's text.
func (p *Page) add(v *View, s Subject, values ...any) {
	before := len(p.Table.Rows)
	p.Table.Add(values...)
	row := p.Table.Rows[before]
	if v.Filter != "" && !slices.ContainsFunc(row, func(c draw.Cell) bool {
		return strings.Contains(strings.ToLower(c.Text), strings.ToLower(v.Filter))
	}) {
		p.Table.Rows = p.Table.Rows[:before]
		return
	}
	if v.Tagged[s.Key] {
		row[0].Text = "*" + strings.TrimPrefix(row[0].Text, " ")
	}
	p.Rows = append(p.Rows, s)
}

// Screen is one of the screens.
type Screen struct {
	Name   string
	Topics []string // what it shows, beside daemon and pools
	Draw   func(*View) Page
	Sorts  bool // its rows may be sorted by a column
	Tail   bool // its newest row is the last one, and is followed
}

// All are the screens, in the order of their keys.
var All = []Screen{
	{Name: "Overview", Topics: []string{"history", "deaths"}, Draw: overview, Sorts: true},
	{Name: "Tree", Topics: []string{"workers", "deaths"}, Draw: tree, Sorts: true},
	{Name: "Pool", Topics: []string{"funcs", "history", "kinds"}, Draw: pool, Sorts: true},
	{Name: "Calls", Topics: []string{"calls", "slow"}, Draw: calls},
	{Name: "Deaths", Topics: []string{"kinds", "deaths"}, Draw: deaths, Sorts: true},
	{Name: "Logs", Topics: []string{"logs"}, Draw: logs, Tail: true},
	{Name: "Events", Topics: []string{"events"}, Draw: events, Tail: true},
	{Name: "System", Topics: []string{"crons", "tasks", "plugins"}, Draw: system},
}

// Chosen is the pool that the screen Pool shows; "" if there is none.
func (v *View) Chosen() string {
	if _, ok := v.Pools[v.Pool]; ok {
		return v.Pool
	}
	if names := v.PoolNames(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// clock is a time of day; with the day if it is not today's.
func (v *View) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.In(v.zone()), v.Now.In(v.zone())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("01-02 15:04")
}

func (v *View) zone() *time.Location { return cmp.Or(v.Zone, time.Local) }

// ordered returns the entries of a map in the order of their keys, numbers by
// their value.
func ordered[V any](all map[string]V) []string {
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		m, errM := strconv.ParseUint(a, 10, 64)
		n, errN := strconv.ParseUint(b, 10, 64)
		if errM == nil && errN == nil {
			return cmp.Compare(m, n)
		}
		return cmp.Compare(a, b)
	})
}

// sorted sorts rows by the column that the user chose, numbers by what by says,
// the largest first; without a choice they stay.
func sorted[T any](v *View, t *draw.Table, rows []T, by ...func(T) float64) {
	if v.Sort == 0 || len(by) == 0 {
		return
	}
	n := (v.Sort - 1) % len(by)
	slices.SortStableFunc(rows, func(a, b T) int { return cmp.Compare(by[n](b), by[n](a)) })
	t.Sorted = t.Columns[len(t.Columns)-len(by)+n].Title
}

// styleOf is the style of a state; its name says the same.
func styleOf(state string) draw.Style {
	switch state {
	case "running", "ready", "replay", "serving", "looping", "started", "ok":
		return draw.Green
	case "paused", "starting", "leaving", "stopping", "pausing", "queued":
		return draw.Yellow
	case "failed", "dying", "killed", "stuck", "error":
		return draw.Red
	}
	return draw.Plain
}
