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

// Options says where and how to write. Only Path is required.
type Options struct {
	// Path of the file; a relative one is taken from the working directory at
	// the time of Open. Its folder must exist.
	Path string

	// MaxSize: the file is rotated before it would grow beyond this many bytes. A
	// longer line gets a file of its own. 0: no limit.
	MaxSize int64

	// MaxAge: the first line that is written when the file is older rotates it. The
	// age counts from the file's birth, even if an earlier process made it; where
	// the system does not record births, from its last write before it was opened.
	// 0: no limit.
	MaxAge time.Duration

	// Keep is how many rotated files are kept (path.1 is the youngest); default
	// DefaultKeep.
	Keep int

	write func(fd int, p []byte) (int, error) // unix.Write, except in tests
}

// Open opens the file, and creates it if it is missing. The error says what
// prevents it: a missing folder, a symbolic link, a file that belongs to
// another user.
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
