package main

import (
	"path"
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
		"thumbnail", "out of memory", "timed out", "panicked", "crashed", "corrupt", "not a picture", "unreadable", "not saved", "left over",
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

// culprit finds, in the stack of a worker that died, the function of a decoder
// it was in: the innermost one of a package below image or golang.org/x/image.
// "" if there is none.
func culprit(stack string) string {
	for line := range strings.Lines(stack) {
		if !strings.HasPrefix(line, "image/") && !strings.HasPrefix(line, "golang.org/x/image/") {
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
