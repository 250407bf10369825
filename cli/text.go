package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean removes from a text of another program what a terminal would interpret:
// control characters, and those that change the direction. Line ends stay.
func clean(s string) string {
	if strings.IndexFunc(s, obeyed) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if obeyed(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func obeyed(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return true
	}
	return unicode.IsControl(r)
}

// oneLine is clean text without line ends.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, clean(s))
}

// columns returns how many columns of a terminal a text takes.
func columns(s string) (n int) {
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0xff01 && r <= 0xff60, r >= 0x3000 && r <= 0x303e, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}

// cut returns s in at most width columns; an ellipsis replaces the rest. A
// width of 0 means no limit.
func cut(s string, width int) string {
	if width <= 0 || columns(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if n+runeColumns(r) > width-1 {
			return s[:i] + "…"
		}
		n += runeColumns(r)
	}
	return s
}

// fill adds spaces up to width columns, on the left if right is set.
func fill(s string, width int, right bool) string {
	gap := strings.Repeat(" ", max(0, width-columns(s)))
	if right {
		return gap + s
	}
	return s + gap
}

// prose breaks paragraphs into lines of at most width columns. A paragraph that
// begins with a space stays as it is.
func prose(s string, width int) string {
	paragraphs := strings.Split(s, "\n\n")
	for i, p := range paragraphs {
		if !strings.HasPrefix(p, " ") {
			paragraphs[i] = strings.Join(wrap(p, width), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// wrap breaks a text at spaces into lines of at most width columns; a longer
// word has a line of its own. A width of 0 means no limit.
func wrap(s string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case width > 0 && columns(line)+1+columns(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
