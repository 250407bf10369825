package draw

import "strings"

// Column is a column of a table.
type Column struct {
	Title string
	Right bool // numbers
	Least int  // it is cut down to this many columns if room is short; 0: not at all
	Spare int  // left out before those with less; 0: never
}

// Cell is a text with a style.
type Cell struct {
	Text  string
	Style Style
}

// Table is rows under titles, fitted to the width that there is.
type Table struct {
	Columns []Column
	Rows    [][]Cell
	Sorted  string // the title of the column by which the rows are sorted
}

// Add adds a row; each value is a string or a Cell.
func (t *Table) Add(values ...any) {
	row := make([]Cell, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case Cell:
			row[i] = v
		case string:
			row[i].Text = v
		}
		row[i].Text = Clean(row[i].Text)
	}
	t.Rows = append(t.Rows, row)
}

const gap = 2

// Head returns the titles, and a function that returns row i. The row with the
// number at is the selected one.
func (t *Table) Head(width int) (head string, row func(i int, selected bool) string) {
	shown, widths := t.fit(width)
	line := func(cell func(column int) Cell, selected bool) string {
		var b strings.Builder
		for n, i := range shown {
			c := cell(i)
			if n > 0 {
				b.WriteString(strings.Repeat(" ", gap))
			}
			text := Fit(c.Text, widths[n], t.Columns[i].Right)
			if !selected {
				text = c.Style.Paint(text)
			}
			b.WriteString(text)
		}
		text := Fit(b.String(), width, false)
		if selected {
			return Reverse.Paint(text)
		}
		return text
	}
	head = line(func(i int) Cell {
		title := t.Columns[i].Title
		if title != "" && title == t.Sorted {
			title += "↓"
		}
		return Cell{title, Bold}
	}, false)
	return head, func(i int, selected bool) string {
		return line(func(c int) Cell { return t.Rows[i][c] }, selected)
	}
}

// fit returns which columns are shown, and how wide.
func (t *Table) fit(width int) (shown, widths []int) {
	for i := range t.Columns {
		shown = append(shown, i)
	}
	for {
		widths = widths[:0]
		total := -gap
		for _, i := range shown {
			w := t.natural(i)
			widths, total = append(widths, w), total+w+gap
		}
		if t.squeeze(shown, widths, total-width) {
			return shown, widths
		}
		last := -1 // the one with the highest spare
		for n, i := range shown {
			if s := t.Columns[i].Spare; s > 0 && (last < 0 || s >= t.Columns[shown[last]].Spare) {
				last = n
			}
		}
		if last < 0 {
			return shown, widths
		}
		shown = append(shown[:last:last], shown[last+1:]...)
	}
}

// squeeze takes excess columns from what may be cut, the widest first, and
// reports whether that was enough.
func (t *Table) squeeze(shown, widths []int, excess int) bool {
	for ; excess > 0; excess-- {
		widest := -1
		for n, i := range shown {
			if least := t.Columns[i].Least; least > 0 && widths[n] > least && (widest < 0 || widths[n] > widths[widest]) {
				widest = n
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
	}
	return true
}

// natural is the width of column i if nothing is cut.
func (t *Table) natural(i int) int {
	w := Width(t.Columns[i].Title)
	if t.Columns[i].Title == t.Sorted {
		w++
	}
	for _, row := range t.Rows {
		w = max(w, Width(row[i].Text))
	}
	return w
}
