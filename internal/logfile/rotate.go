//go:build unix

package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func (s *Sink) rotates() bool { return s.opts.MaxSize > 0 || s.opts.MaxAge > 0 }

// fit returns how many of the lines go into the open file, which has size
// bytes. If the file is due, fit rotates it: then again is true, and the path
// leads elsewhere. If it cannot be rotated, lines go on to it, beyond its
// limits.
func (s *Sink) fit(lines []byte, size int64) (piece []byte, again bool) {
	room := s.opts.MaxSize - size
	first := int64(bytes.IndexByte(lines, '\n') + 1)
	full := s.opts.MaxSize > 0 && first > room
	old := s.opts.MaxAge > 0 && time.Since(s.file.born) >= s.opts.MaxAge
	if size > 0 && (full || old) && s.odd == nil {
		moved, err := s.rotate()
		if err != nil {
			s.odd = fmt.Errorf("rotate log file %w (it keeps growing)", err)
		}
		return lines, moved
	}
	if s.opts.MaxSize == 0 || s.odd != nil {
		return lines, false
	}
	return wholeLines(lines, room), false
}

// rotate moves the file out of the way. It returns false without an error if
// another process is doing this now.
func (s *Sink) rotate() (moved bool, err error) {
	f, path := s.file, s.opts.Path
	// Only the process that holds the lock of the file at the path moves it, and
	// the older ones. So processes that write to one file never move two files to
	// one name.
	if locked, err := lock(f.fd); !locked {
		return false, err
	}
	defer unlock(f.fd)
	if _, ok := f.at(path); !ok {
		return true, nil // another process was faster
	}
	free, err := s.freeSlot()
	if err != nil {
		return false, err
	}
	for n := free; n > 1; n-- {
		if err := rename(slot(path, n-1), slot(path, n)); err != nil {
			return false, err
		}
	}
	if err := rename(path, slot(path, 1)); err != nil {
		return false, err
	}
	return true, nil
}

// freeSlot returns the first number that no rotated file has, or else the
// number of the oldest file to keep. It refuses to move files that are not
// ours.
func (s *Sink) freeSlot() (int, error) {
	for n := 1; n <= s.opts.Keep; n++ {
		name := slot(s.opts.Path, n)
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); errors.Is(err, unix.ENOENT) {
			return n, nil
		} else if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if err := ours(name, &st); err != nil {
			return 0, err
		}
	}
	return s.opts.Keep, nil
}

func slot(path string, n int) string { return path + "." + strconv.Itoa(n) }

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}
