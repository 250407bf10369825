//go:build unix

package logfile

import (
	"bytes"
	"context"
	"fmt"
)

// maxDeletions is how many times in a row the file may be deleted before a
// batch of lines fails.
const maxDeletions = 8

// Sink writes lines to a file; see the package's documentation. It is an
// outbox.Sink. Made by Open.
type Sink struct {
	opts Options
	file *file // nil while the path cannot be opened and no other file is open
	odd  error // lines are written, but not as they should be
}

// Put writes lines to the file at the path: n bytes of them, whole lines, which
// are then written for good. Without an error, n may be less than len(lines),
// but not 0. An error with all of them says that they are not where they should
// be, or that the file cannot be rotated. Without lines, Put makes sure that
// the file at the path is open.
func (s *Sink) Put(_ context.Context, lines []byte) (n int, err error) {
	for range maxDeletions {
		s.odd = nil
		size, err := s.ready()
		if err != nil {
			return 0, err
		}
		if len(lines) == 0 {
			return 0, s.odd
		}
		piece := lines
		if s.rotates() {
			var again bool
			if piece, again = s.fit(lines, size); again {
				continue
			}
		}
		n, err := s.file.append(piece)
		if s.file.linked() {
			if err != nil {
				return n, fmt.Errorf("write log file %s: %w", s.opts.Path, err)
			}
			return n, s.odd
		}
		// A process that has the deleted file open must not see these lines twice.
		s.file.undo(n)
	}
	return 0, fmt.Errorf("write log file %s: it is deleted or moved again and again", s.opts.Path)
}

// ready makes sure that the open file is the one at the path, and returns its
// size.
func (s *Sink) ready() (size int64, err error) {
	f := s.file
	if f != nil {
		if size, ok := f.at(s.opts.Path); ok {
			return size, nil
		}
	}
	err = s.open()
	if err != nil && f != nil && f.linked() {
		s.odd = fmt.Errorf("%w (lines still go to the file that was there before)", err)
		return f.size(), nil
	}
	if err != nil {
		_ = s.Close()
		return 0, err
	}
	return s.file.size(), nil
}

// open replaces the open file by the one at the path. If it fails, the open
// file stays.
func (s *Sink) open() error {
	f, err := openFile(s.opts.Path)
	if err != nil {
		return err
	}
	f.write = s.opts.write
	_ = s.Close()
	s.file, s.odd = f, nil
	return nil
}

// Close closes the file. The system has all lines by then.
func (s *Sink) Close() error {
	if s.file != nil {
		s.file.close()
		s.file = nil
	}
	return nil
}

// wholeLines returns as many of the lines as fit in limit bytes, but at least
// one. lines ends with a newline.
func wholeLines(lines []byte, limit int64) []byte {
	if int64(len(lines)) <= limit {
		return lines
	}
	if limit > 0 {
		if cut := bytes.LastIndexByte(lines[:limit], '\n') + 1; cut > 0 {
			return lines[:cut]
		}
	}
	return lines[:bytes.IndexByte(lines, '\n')+1]
}
