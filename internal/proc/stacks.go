package proc

import (
	"bytes"
	"iter"
	"strings"
)

// Goroutines makes readable what runtime.Stack writes about all goroutines: one string for each, valid UTF-8, without
// those of the runtime itself, and cleaned as Exit.Stack is.
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

// CutStack shortens s, which is UTF-8, to at most size bytes, at the end of a line where there is one near, and says at
// the end that it did.
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
