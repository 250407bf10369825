package main

import (
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
)

// outcome is the result of a file.
type outcome int

const (
	written     outcome = iota // its thumbnail is there
	outOfMemory                // refused: it needed more than a worker may take
	timedOut                   // refused: it took longer than a picture may
	panicked                   // refused: the decoder panicked
	forbidden                  // refused: the decoder did what the sandbox does not allow
	crashed                    // refused: the worker died of something else
	corrupt                    // refused: the decoder says so
	notPicture                 // refused: no decoder knows it
	unreadable                 // it could not be opened, or read to its end
	notSaved                   // its thumbnail could not be written: the service's fault, not the file's
	leftOver                   // it was not dealt with
	outcomes                   // how many there are
)

func (o outcome) String() string {
	return [...]string{
		"thumbnail", "out of memory", "timed out", "panicked", "forbidden", "crashed", "corrupt", "not a picture", "unreadable", "not saved", "left over",
	}[o]
}

// dealtWith reports whether nothing is left to do about the file.
func (o outcome) dealtWith() bool { return o != notSaved && o != leftOver }

// result is a line of the summary.
type result struct {
	name    string
	size    int64 // of the file, in bytes
	picture string
	outcome outcome
	why     string
	took    time.Duration
	pid     int // of the worker; 0 = not known
}

// decoders are where the packages of the decoders are.
var decoders = []string{"image/", "golang.org/x/image/", "github.com/legion-go/legion/examples/thumbd/internal/evil."}

// culprit finds, in the stack of a worker that died, the function of a decoder
// it was in: the innermost one. "" if there is none.
func culprit(stack string) string {
	for line := range strings.Lines(stack) {
		if !slices.ContainsFunc(decoders, func(prefix string) bool { return strings.HasPrefix(line, prefix) }) {
			continue
		}
		if args := strings.LastIndexByte(line, '('); args > 0 {
			return path.Base(line[:args]) // such as png.(*decoder).decode
		}
	}
	return ""
}

// oneLine makes text from outside safe for a terminal and a table: one line, no
// control characters, a limited length.
func oneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(text), "·"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
