package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// progress prints the progress. On a terminal: one line that changes, and above
// it a line for each refused file. Elsewhere: a line per file.
type progress struct {
	w        io.Writer
	terminal bool
	drawn    bool // the changing line is on the screen
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// finished reports one more file. seen is how many files there are so far,
// finished or not.
func (p *progress) finished(done result, r *report, seen int) {
	if !p.terminal || done.outcome != written {
		p.clear()
		fmt.Fprintf(p.w, "%4d/%d  %-13s  %-32s  %s\n", r.total(), seen, done.outcome, oneLine(done.name, 32), done.why)
	}
	if p.terminal {
		p.clear()
		const width = 30
		full := width * r.total() / max(1, seen)
		fmt.Fprintf(p.w, "%s%s %d of %d: %d thumbnails, %d refused",
			strings.Repeat("█", full), strings.Repeat("░", width-full), r.total(), seen, r.counts[written], r.refused())
		p.drawn = true
	}
}

// clear removes the changing line, so that something else can be printed.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
