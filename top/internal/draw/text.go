// Package draw makes lines of text for a terminal: styles, widths, tables,
// bars and charts. It writes to nothing.
package draw

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Style is the parameter of an SGR sequence; "" is none. Only the 16 colours
// that every terminal has are used, and never a colour alone: what it says is
// in the text, too.
type Style string

// The styles.
const (
	Plain   Style = ""
	Bold    Style = "1"
	Dim     Style = "2"
	Reverse Style = "7"
	Red     Style = "31"
	Green   Style = "32"
	Yellow  Style = "33"
	Blue    Style = "34"
	Cyan    Style = "36"
)

// Paint gives text a style.
func (s Style) Paint(text string) string {
	if s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Width is how many columns text takes.
func Width(text string) int { return ansi.StringWidth(text) }

// Cut shortens text to width columns.
func Cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// Fit makes text exactly width columns wide.
func Fit(text string, width int, right bool) string {
	text = Cut(text, width)
	space := strings.Repeat(" ", max(0, width-Width(text)))
	if right {
		return space + text
	}
	return text + space
}

// Sides is a line with text at both of its ends. The right one gives way.
func Sides(left, right string, width int) string {
	left = Cut(left, width)
	room := width - Width(left)
	if room < Width(right)+1 {
		return Fit(left, width, false)
	}
	return left + strings.Repeat(" ", room-Width(right)) + right
}

// Clean is text from a program, as one line that does nothing to a terminal:
// control characters, and those that change the direction of text, are spaces.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
			return ' '
		}
		return r
	}, text)
}

// Wrap breaks text into lines of at most width columns.
func Wrap(text string, width int) []string {
	if width <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(text, width, " "), "\n")
}
