package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// printer writes text: in colours and fitted to the width if it writes to a
// terminal.
type printer struct {
	w        io.Writer
	terminal bool
	colour   bool
	width    int // of a line; 0: no limit
	err      error
}

func newPrinter(w io.Writer) *printer {
	p := &printer{w: w}
	p.measure()
	p.colour = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return p
}

// measure finds out how wide the terminal is now, if it is one.
func (p *printer) measure() {
	f, ok := p.w.(*os.File)
	if !ok {
		return
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	p.terminal = err == nil
	if err == nil && size.Col > 0 {
		p.width = int(size.Col)
	}
}

// printf writes; the first error is kept.
func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.w, format, args...); err != nil && p.err == nil {
		p.err = err
	}
}

// style is an SGR sequence's parameter, "" for none.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint returns text in a style, where there are colours.
func (p *printer) paint(s style, text string) string {
	if !p.colour || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// clear empties the screen.
func (p *printer) clear() { p.printf("\x1b[H\x1b[2J\x1b[3J") }

// over writes a line that the next one replaces; an empty one removes it. It
// writes only to terminals.
func (p *printer) over(line string) {
	if p.terminal {
		p.printf("\r\x1b[K%s", cut(line, p.width))
	}
}

// styleOf is the style of a state: of a daemon, a pool, a worker or a task.
func styleOf(state string) style {
	switch state {
	case "running", "ready", "replay", "ok", "done", "started":
		return green
	case "starting", "leaving", "paused", "stopping", "queued", "canceled", "declared":
		return yellow
	case "failed", "stuck", "killed", "dying", "crashed", "stopped":
		return red
	}
	return plain
}
