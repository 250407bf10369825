package draw

import "strings"

// Charset says what charts are drawn with.
type Charset int

// The charsets, the finest first.
const (
	Braille Charset = iota // two values in a column, four steps high
	Blocks                 // a value in a column, eight steps high
	ASCII
)

// CharsetFor is the finest that a terminal of that kind can show with that
// locale: the Linux console has no braille.
func CharsetFor(term, locale string) Charset {
	upper := strings.ToUpper(locale)
	switch {
	case !strings.Contains(upper, "UTF-8") && !strings.Contains(upper, "UTF8"), term == "dumb":
		return ASCII
	case term == "linux", strings.HasPrefix(term, "vt"):
		return Blocks
	}
	return Braille
}

// Spell writes text in characters that the terminal has.
func (c Charset) Spell(text string) string {
	if c != ASCII {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r <= '~' {
			return r
		}
		switch r {
		case '…':
			return '~'
		case '–':
			return '-'
		case '×':
			return 'x'
		case '↓':
			return 'v'
		case 'µ':
			return 'u'
		}
		return '?'
	}, text)
}

// Spark draws the last of values as a line, width columns wide; the newest
// value is at its right end. The scale is from 0 to most, or to the largest
// value if most is 0. A negative value is a gap.
func (c Charset) Spark(values []float64, width int, most float64) string {
	per := 1
	if c == Braille {
		per = 2
	}
	if n := width * per; len(values) > n {
		values = values[len(values)-n:]
	}
	if most <= 0 {
		for _, v := range values {
			most = max(most, v)
		}
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", max(0, width-(len(values)+per-1)/per)))
	if len(values)%per != 0 {
		values = append([]float64{-1}, values...)
	}
	for i := 0; i < len(values); i += per {
		switch c {
		case Braille:
			left, right := []rune{0, 0x40, 0x44, 0x46, 0x47}, []rune{0, 0x80, 0xa0, 0xb0, 0xb8}
			b.WriteRune(0x2800 + left[step(values[i], most, 4)] + right[step(values[i+1], most, 4)])
		case Blocks:
			b.WriteRune([]rune(" ▁▂▃▄▅▆▇█")[step(values[i], most, 8)])
		default:
			b.WriteByte(" _.-=*#"[step(values[i], most, 6)])
		}
	}
	return b.String()
}

// step is v on a scale of 0 to steps. What is not 0 can be seen.
func step(v, most float64, steps int) int {
	if v <= 0 || most <= 0 {
		return 0
	}
	return min(max(int(v/most*float64(steps)+0.5), 1), steps)
}

// Bar draws a part of a whole, width columns wide.
func (c Charset) Bar(part float64, width int) string {
	full := step(part, 1, width)
	on, off := "█", "░"
	if c == ASCII {
		on, off = "#", "."
	}
	return strings.Repeat(on, full) + strings.Repeat(off, max(0, width-full))
}

// Lines are the lines of a tree.
func (c Charset) Lines() (more, last, through string) {
	if c == ASCII {
		return "|- ", "`- ", "|  "
	}
	return "├─ ", "└─ ", "│  "
}
