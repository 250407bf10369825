// Package text makes short, valid text from a program's values: [Shorten] cuts,
// [Encodable] checks times, [CheckName] checks names, [Snake] makes the names
// in configurations and on the control socket.
//
// All functions may be called from any goroutine.
package text

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Shorten returns s in valid UTF-8, and cut between two characters if it has
// more than limit bytes; then it shares no memory with s.
func Shorten(s string, limit int) string {
	if limit = max(limit, 0); len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = strings.Clone(s[:limit]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Encodable reports whether a time has a JSON form.
func Encodable(t time.Time) bool {
	_, err := t.MarshalText()
	return err == nil
}

// Snake returns the name of a field in configurations and on the control
// socket: LogLevel is log_level, PID is pid.
func Snake(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		if upper && i > 0 {
			before, last := name[i-1], i+1 == len(name)
			if before >= 'a' && before <= 'z' || before >= '0' && before <= '9' || !last && name[i+1] >= 'a' && name[i+1] <= 'z' {
				b.WriteByte('_')
			}
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
