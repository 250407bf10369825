package cli

import (
	"slices"
	"strings"
)

// table is rows under titles. It is fitted to the terminal: flexible columns
// are cut, the widest first, and if that is not enough, spare ones are left
// out.
type table struct {
	columns []column
	rows    [][]cell
	none    string // printed if there are no rows
}

type column struct {
	title    string
	right    bool // numbers
	flexible bool // may be cut
	spare    int  // left out before those with less; 0: never
}

type cell struct {
	text  string
	style style
}

// add adds a row; each value is a string or a cell.
func (t *table) add(values ...any) {
	row := make([]cell, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case cell:
			row[i] = v
		case string:
			row[i] = cell{text: v}
		}
		row[i].text = oneLine(row[i].text)
	}
	t.rows = append(t.rows, row)
}

const (
	gap      = "  " // between columns
	narrow   = 8    // a flexible column is not cut below, if that can be helped
	narrowed = 4    // … and never below this
)

// table writes t.
func (p *printer) table(t *table) {
	if len(t.rows) == 0 {
		p.printf("%s\n", t.none)
		return
	}
	shown, widths := t.fit(p.width)
	titles := make([]cell, len(t.columns))
	for i, c := range t.columns {
		titles[i] = cell{c.title, bold}
	}
	for _, row := range append([][]cell{titles}, t.rows...) {
		var line strings.Builder
		for n, i := range shown {
			text := cut(row[i].text, widths[n])
			padded := fill(text, widths[n], t.columns[i].right)
			if n == len(shown)-1 && !t.columns[i].right {
				padded = text
			}
			if n > 0 {
				line.WriteString(gap)
			}
			before, after, _ := strings.Cut(padded, text)
			line.WriteString(before + p.paint(row[i].style, text) + after)
		}
		p.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// fit returns which columns are shown, and how wide.
func (t *table) fit(width int) (shown, widths []int) {
	for i := range t.columns {
		shown = append(shown, i)
	}
	for {
		widths = widths[:0]
		for _, i := range shown {
			widths = append(widths, t.natural(i))
		}
		if width <= 0 || t.squeeze(shown, widths, width, narrow) {
			return shown, widths
		}
		last := -1 // the one with the highest spare
		for n, i := range shown {
			if s := t.columns[i].spare; s > 0 && (last < 0 || s >= t.columns[shown[last]].spare) {
				last = n
			}
		}
		if last < 0 {
			t.squeeze(shown, widths, width, narrowed)
			return shown, widths
		}
		shown = append(shown[:last], shown[last+1:]...)
	}
}

// squeeze makes flexible columns narrower, the widest first, until the table
// fits.
func (t *table) squeeze(shown, widths []int, width, least int) bool {
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for total > width {
		widest := -1
		for n, i := range shown {
			if t.columns[i].flexible && widths[n] > least && (widest < 0 || widths[n] > widths[widest]) {
				widest = n
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
		total--
	}
	return true
}

// natural is the width that column i has if nothing is cut.
func (t *table) natural(i int) int {
	w := columns(t.columns[i].title)
	for _, row := range t.rows {
		w = max(w, columns(row[i].text))
	}
	return w
}

// pairs writes names and values, one pair on each line, without empty values.
func (p *printer) pairs(list ...string) {
	widest := 0
	for i := 0; i < len(list); i += 2 {
		if list[i+1] != "" {
			widest = max(widest, columns(list[i]))
		}
	}
	for i := 0; i < len(list); i += 2 {
		if list[i+1] == "" {
			continue
		}
		rest := 0
		if p.width > 0 {
			rest = max(narrow, p.width-widest-2*len(gap))
		}
		name := list[i]
		for _, line := range wrap(oneLine(list[i+1]), rest) {
			p.printf("%s%s%s%s\n", gap, p.paint(dim, fill(name, widest, false)), gap, cut(line, rest))
			name = ""
		}
	}
}

// widestTerm returns the columns of the widest term of a list of terms and what
// they mean; terms that are wider than most stand alone.
func widestTerm(list []string) (widest int) {
	const most = 26
	for i := 0; i < len(list); i += 2 {
		if w := columns(list[i]); w <= most {
			widest = max(widest, w)
		}
	}
	return widest
}

// definitions writes terms and, wrapped beside them, what they mean; terms are
// padded to widest.
func (p *printer) definitions(widest int, list []string) {
	const indent = 2
	left := indent + widest + len(gap)
	if p.width > 0 && p.width-left < 20 {
		left = 2 * indent // below the term
	}
	for i := 0; i < len(list); i += 2 {
		term, width := list[i], 0
		if p.width > 0 {
			width = max(20, p.width-left)
		}
		lines := wrap(list[i+1], width)
		head := strings.Repeat(" ", indent) + p.paint(bold, term)
		if used := indent + columns(term) + len(gap); used <= left && lines[0] != "" {
			head += strings.Repeat(" ", left-used+len(gap)) + lines[0]
			lines = lines[1:]
		}
		p.printf("%s\n", head)
		for _, line := range lines {
			if line != "" {
				p.printf("%s%s\n", strings.Repeat(" ", left), line)
			}
		}
	}
}

// trim removes empty columns: those at the end, and those of the given titles.
func (t *table) trim(optional ...string) {
	for i := len(t.columns) - 1; i >= 0; i-- {
		last := i == len(t.columns)-1
		if !last && !slices.Contains(optional, t.columns[i].title) || slices.ContainsFunc(t.rows, func(row []cell) bool { return row[i].text != "" }) {
			continue
		}
		t.columns = slices.Delete(t.columns, i, i+1)
		for n := range t.rows {
			t.rows[n] = slices.Delete(t.rows[n], i, i+1)
		}
	}
}
