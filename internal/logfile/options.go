//go:build unix

package logfile

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Defaults of Options.
const (
	DefaultBuffer = 1 << 20
	DefaultKeep   = 5
)

// minBuffer keeps a mistaken Options.Buffer from dropping every line.
const minBuffer = 4 << 10

var (
	// ErrOverflow is the reason why lines were dropped when nothing failed: they came faster than they could be
	// written, or one was longer than the buffer.
	ErrOverflow = errors.New("more came than the buffer holds")

	// ErrClosed is returned by Flush if Close has given up on lines that it waits for.
	ErrClosed = errors.New("log file is closed")
)

// Options says where and how to write. Only Path is needed.
type Options struct {
	// Path of the file; a relative one is taken from the working directory at the time of Open. Its folder must exist.
	Path string

	// Buffer is how many bytes of lines may wait to be written; default DefaultBuffer, at least 4 KiB.
	Buffer int

	// MaxSize: before the file would grow beyond so many bytes, it is rotated. A single line that is longer gets a file
	// of its own. 0: no limit.
	MaxSize int64

	// MaxAge: the first line that is written when the file is older rotates it. The age counts from the file's birth,
	// also if an earlier process made it; where the system does not know births, from when it was last written to
	// before it was opened. 0: no limit.
	MaxAge time.Duration

	// Keep is how many rotated files are kept (path.1 is the youngest); default DefaultKeep.
	Keep int

	// Dropped makes the text that reports how many lines were dropped and why, in the format of the log; it is called
	// by the writer's goroutine. A nil result reports nothing. Default: "N lines were dropped: why".
	Dropped func(lines uint64, why error) []byte

	// OnError is called by the writer's goroutine when lines cannot be written any more, or cannot be written as they
	// should (see Stats.Err): once, until it works again or another error takes its place. It must not wait for the
	// log. Default: nobody is told.
	OnError func(err error)

	write func(fd int, p []byte) (int, error) // unix.Write, but for tests
}

// Open opens the file, makes it if there is none, and starts the goroutine that writes to it, which runs until
// Writer.Close. The error says what is in the way: a folder that does not exist, a symbolic link, another's file.
func Open(o Options) (*Writer, error) {
	path, err := filepath.Abs(o.Path)
	if o.Path == "" {
		err = errors.New("no path given")
	}
	if err != nil {
		return nil, fmt.Errorf("open log file %q: %w", o.Path, err)
	}
	o.Path = path
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.Dropped == nil {
		o.Dropped = func(lines uint64, why error) []byte {
			return fmt.Appendf(nil, "%d lines were dropped: %v\n", lines, why)
		}
	}
	if o.write == nil {
		o.write = unix.Write
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	f.write = o.write
	w := newWriter(o)
	w.drain.file = f
	go w.run()
	return w, nil
}
