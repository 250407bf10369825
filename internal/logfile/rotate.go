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

func (w *Writer) rotates() bool { return w.opts.MaxSize > 0 || w.opts.MaxAge > 0 }

// fit returns how many of the lines go into the open file, which has size bytes. If the file is due, it is rotated:
// then again is true, and the path leads elsewhere. If it cannot be rotated, lines go on to it, beyond its limits.
func (w *Writer) fit(lines []byte, size int64) (piece []byte, again bool) {
	room := w.opts.MaxSize - size
	first := int64(bytes.IndexByte(lines, '\n') + 1)
	full := w.opts.MaxSize > 0 && first > room
	old := w.opts.MaxAge > 0 && time.Since(w.drain.file.born) >= w.opts.MaxAge
	if size > 0 && (full || old) && w.drain.odd == nil {
		moved, err := w.rotate()
		if err != nil {
			w.drain.odd = fmt.Errorf("rotate log file %w (it keeps growing)", err)
		}
		return lines, moved
	}
	if w.opts.MaxSize == 0 || w.drain.odd != nil {
		return lines, false
	}
	return wholeLines(lines, room), false
}

// rotate moves the file out of the way. It is false without an error if another process is just doing this.
func (w *Writer) rotate() (moved bool, err error) {
	f, path := w.drain.file, w.opts.Path
	// Only who holds the lock of the file to which the path leads moves it, and the older ones. So processes that write
	// to one file never move two files to one name.
	if locked, err := lock(f.fd); !locked {
		return false, err
	}
	defer unlock(f.fd)
	if _, ok := f.at(path); !ok {
		return true, nil // another process was faster
	}
	free, err := w.freeSlot()
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
	w.mu.Lock()
	w.stats.Rotated++
	w.mu.Unlock()
	return true, nil
}

// freeSlot returns the first number that no rotated file has, or else that of the oldest file to be kept. It refuses to
// move what is not ours.
func (w *Writer) freeSlot() (int, error) {
	for n := 1; n <= w.opts.Keep; n++ {
		name := slot(w.opts.Path, n)
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
	return w.opts.Keep, nil
}

func slot(path string, n int) string { return path + "." + strconv.Itoa(n) }

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}
