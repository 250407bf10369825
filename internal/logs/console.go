package logs

import (
	"bytes"
	"io"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/logstream"
)

// console reports whether the log goes to standard error in addition.
func (c *Config) console() bool {
	file := c.File != "" && logstream.Standard(c.File) != os.Stderr
	return c.Console && (file || c.Format == Journal)
}

// painted returns a writer to w, in colours if f, the file behind w, is a
// terminal that should have them. f may be nil.
func painted(w io.Writer, f *os.File) io.Writer {
	if f == nil || !coloured(f) {
		return w
	}
	return &painter{to: w}
}

// coloured reports whether f is a terminal, and the environment does not forbid
// colours.
func coloured(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	refused := conn.Control(func(fd uintptr) {
		_, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
		terminal = err == nil
	})
	return refused == nil && terminal
}

// painter colours the level in each line of a slog.TextHandler, which writes
// one line at a time. The rest stays as it is, for grep.
type painter struct {
	to   io.Writer
	line []byte
}

var levelKey = []byte(slog.LevelKey + "=")

// Write takes one line. It has the time, the level, and then text from loggers,
// in which nothing is taken for the level.
func (p *painter) Write(line []byte) (int, error) {
	at := 0
	if bytes.HasPrefix(line, []byte(slog.TimeKey+"=")) {
		at = bytes.IndexByte(line, ' ') + 1
	}
	if !bytes.HasPrefix(line[at:], levelKey) {
		return p.to.Write(line)
	}
	at += len(levelKey)
	end := bytes.IndexAny(line[at:], " \n")
	if end < 0 {
		return p.to.Write(line)
	}
	end += at
	p.line = append(append(p.line[:0], line[:at]...), colourOf(line[at:end])...)
	p.line = append(append(p.line, line[at:end]...), "\x1b[0m"...)
	p.line = append(p.line, line[end:]...)
	if _, err := p.to.Write(p.line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// colourOf returns the escape sequence for the colour of a level such as
// "WARN+1".
func colourOf(level []byte) string {
	switch level[0] {
	case 'D':
		return "\x1b[2m" // faint
	case 'W':
		return "\x1b[33m" // yellow
	case 'E':
		return "\x1b[1;31m" // bold red
	}
	return "\x1b[36m" // cyan
}
