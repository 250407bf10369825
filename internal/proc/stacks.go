package proc

import (
	"bytes"
	"iter"
	"strings"
)

// Goroutines splits a dump of all goroutines by runtime.Stack: one string for
// each, in valid UTF-8, without the runtime's own goroutines, and cleaned like
// Exit.Stack.
func Goroutines(dump []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for block := range bytes.SplitSeq(dump, []byte("\n\n")) {
			b, system := cleanBlock(strings.ToValidUTF8(string(block), "\uFFFD"))
			if !system && b != "" && !yield(b) {
				return
			}
		}
	}
}

// CutStack shortens s, which is UTF-8, to at most size bytes, at the end of a
// line if one is near, and notes at the end that it did.
func CutStack(s string, size int) string {
	if len(s) <= size {
		return s
	}
	const cut = "\n… (cut)"
	if size < len(cut) {
		return ""
	}
	s = strings.ToValidUTF8(s[:size-len(cut)], "")
	if i := strings.LastIndexByte(s, '\n'); i > size/2 {
		s = s[:i]
	}
	return s + cut
}
