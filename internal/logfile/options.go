//go:build unix

package logfile

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultKeep is the default of Options.Keep.
const DefaultKeep = 5

// Options says where and how to write. Only Path is needed.
type Options struct {
	// Path of the file; a relative one is taken from the working directory at
	// the time of Open. Its folder must exist.
	Path string

	// MaxSize: before the file would grow beyond so many bytes, it is rotated. A
	// single line that is longer gets a file of its own. 0: no limit.
	MaxSize int64

	// MaxAge: the first line that is written when the file is older rotates it.
	// The age counts from the file's birth, also if an earlier process made it;
	// where the system does not know births, from when it was last written to
	// before it was opened. 0: no limit.
	MaxAge time.Duration

	// Keep is how many rotated files are kept (path.1 is the youngest); default
	// DefaultKeep.
	Keep int

	write func(fd int, p []byte) (int, error) // unix.Write, but for tests
}

// Open opens the file, and makes it if there is none. The error says what is in
// the way: a folder that does not exist, a symbolic link, a file that belongs
// to another user.
func Open(o Options) (*Sink, error) {
	path, err := filepath.Abs(o.Path)
	if o.Path == "" {
		err = errors.New("no path given")
	}
	if err != nil {
		return nil, fmt.Errorf("open log file %q: %w", o.Path, err)
	}
	o.Path = path
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.write == nil {
		o.write = unix.Write
	}
	s := &Sink{opts: o}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}
