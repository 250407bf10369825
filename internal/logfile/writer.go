//go:build unix

package logfile

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// Writer writes lines to a file; see the package's documentation. Made by Open.
type Writer struct {
	opts  Options
	drain drain // the goroutine's own

	wake  chan struct{} // there is a line, and the goroutine said that it is idle
	nudge chan struct{} // do not wait any longer: Reopen, Flush, Close
	quit  chan struct{} // closed when Close gives up
	done  chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	buf      buffer
	idle     bool // the goroutine waits for wake
	reopen   bool // Reopen was called
	closed   bool // Close was called
	gaveUp   error
	stuck    error  // why nothing can be written now
	accepted uint64 // lines put into buf
	stats    Stats
	unsaid   uint64        // dropped lines that no line in the log reports yet
	why      error         // of unsaid
	changed  chan struct{} // closed when stats.Lines changes; nil if nobody waits for it
}

// Stats are counts since Open.
type Stats struct {
	Lines    uint64 // written to a file; the reports of dropped lines do not count
	Bytes    uint64 // of these lines
	Dropped  uint64 // lines that are in no file
	Reopened uint64 // how often the path led elsewhere, or Reopen was called
	Rotated  uint64 // by the writer itself
	Buffered uint64 // lines that wait now
	Err      error  // what is wrong now: lines cannot be written, or the file not be reopened or rotated; nil if nothing
}

func newWriter(o Options) *Writer {
	return &Writer{
		opts:  o,
		wake:  make(chan struct{}, 1),
		nudge: make(chan struct{}, 1),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
		buf:   newBuffer(max(o.Buffer, minBuffer)),
	}
}

// Write takes a line, or several; a newline at the end is added if there is none. It waits for nothing, keeps nothing
// of text, allocates nothing, and always returns len(text) and nil: a line that finds no room, or comes after Close, is
// dropped and counted.
func (w *Writer) Write(text []byte) (int, error) {
	if len(text) == 0 {
		return 0, nil
	}
	lines := uint64(bytes.Count(text, newline))
	if text[len(text)-1] != '\n' {
		lines++
	}
	w.mu.Lock()
	if !w.closed && w.buf.put(text) {
		w.accepted += lines
	} else {
		w.dropLocked(lines)
	}
	wake := w.idle
	w.idle = false
	w.mu.Unlock()
	if wake {
		signal(w.wake)
	}
	return len(text), nil
}

var newline = []byte{'\n'}

func (w *Writer) dropLocked(lines uint64) {
	w.stats.Dropped += lines
	if w.closed {
		return // there is no log left to tell it in
	}
	w.unsaid += lines
	switch {
	case w.stuck != nil:
		w.why = w.stuck
	case w.why == nil:
		w.why = ErrOverflow
	}
}

// Reopen makes the writer close the file and open the path anew before it writes the next line, and try at once if it
// waits after a failure. It returns without waiting for that; a failure shows in Stats and OnError. It is not needed
// after a rotation, but makes the new file appear at once.
func (w *Writer) Reopen() {
	w.mu.Lock()
	w.reopen = true
	w.mu.Unlock()
	signal(w.nudge)
}

// Flush returns when every line that was accepted before has been handed to the system, though perhaps not to the disk
// yet. If ctx ends before, its error is returned, with that which keeps the lines from being written.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for target := w.accepted; w.stats.Lines < target; {
		if w.gaveUp != nil {
			return fmt.Errorf("flush log file %s: %w", w.opts.Path, ErrClosed)
		}
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		signal(w.nudge)
		var err error
		select {
		case <-changed:
		case <-w.quit:
		case <-ctx.Done():
			err = ctx.Err()
		}
		w.mu.Lock()
		if err != nil {
			return w.lateLocked("flush", target-min(target, w.stats.Lines), err)
		}
	}
	return nil
}

// lateLocked is the error of a Flush or Close that did not get through in time.
func (w *Writer) lateLocked(doing string, lines uint64, err error) error {
	err = fmt.Errorf("%s log file %s: %d lines are not written: %w", doing, w.opts.Path, lines, err)
	if w.stats.Err != nil {
		err = fmt.Errorf("%w: %w", err, w.stats.Err)
	}
	return err
}

// Close writes what has been accepted, ends the goroutine and closes the file. Lines that come later are dropped. If
// ctx ends before everything is written, the rest is dropped, and the error says how much and why; the goroutine then
// ends as soon as the system lets it. Close may be called again, and returns the same.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	signal(w.nudge)
	select {
	case <-w.done:
	case <-w.quit:
	case <-ctx.Done():
		w.giveUp(ctx.Err())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaveUp
}

func (w *Writer) giveUp(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.accepted - w.stats.Lines
	if w.gaveUp != nil || left == 0 {
		return // the goroutine has nothing left to write: it is about to end
	}
	w.gaveUp = w.lateLocked("close", left, err)
	w.dropLocked(left)
	close(w.quit)
}

// Stats returns the counts as they are now.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	if w.gaveUp == nil {
		s.Buffered = w.accepted - s.Lines
	}
	return s
}

// signal leaves a message in a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
