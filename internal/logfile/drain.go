//go:build unix

package logfile

import (
	"bytes"
	"fmt"
	"time"
)

const (
	// maxBatch is how many bytes are written at once. Larger ones save little, and hold room in the buffer for longer.
	maxBatch = 64 << 10

	// Pauses after failures double from the first to the last.
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second

	// maxDeletions is how often in a row the file may be deleted under the writer's hands before it pauses.
	maxDeletions = 8
)

// drain is the state of the goroutine that writes, which alone uses it.
type drain struct {
	file *file  // nil while the path cannot be opened and nothing else is left to write to
	odd  error  // lines are written, but not as they should be
	told string // the text of the error that OnError has seen last
}

// run is the goroutine.
func (w *Writer) run() {
	defer close(w.done)
	for pause := time.Duration(0); ; {
		err := w.drainAll()
		if w.finished(err) {
			break
		}
		if err == nil {
			pause = 0
			w.await()
			continue
		}
		pause = min(max(2*pause, firstPause), lastPause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-w.nudge:
		case <-w.quit:
		}
		timer.Stop()
	}
	if w.drain.file != nil {
		w.drain.file.close()
	}
}

// await returns when there is something to do.
func (w *Writer) await() {
	w.mu.Lock()
	w.idle = w.buf.empty() && !w.reopen && w.unsaid == 0
	idle := w.idle
	w.mu.Unlock()
	if !idle {
		return
	}
	select {
	case <-w.wake:
	case <-w.nudge:
		w.mu.Lock()
		w.idle = false
		w.mu.Unlock()
	}
}

// finished says whether the goroutine is to end, after drainAll has returned err: what was dropped is told before, if it
// can be.
func (w *Writer) finished(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaveUp != nil || w.closed && w.buf.empty() && (w.unsaid == 0 || err != nil)
}

// drainAll writes all that waits, until the first failure.
func (w *Writer) drainAll() error {
	for {
		reopen, batch := w.take()
		if reopen {
			err := w.openAnew()
			w.settle(nil, err)
			if err != nil {
				return err
			}
		}
		if batch == nil {
			return w.report()
		}
		n, err := w.put(batch)
		w.settle(batch[:n], err)
		if err != nil {
			return err
		}
		if err := w.report(); err != nil {
			return err
		}
	}
}

// take returns what is to be done next. The batch stays in the buffer until settle.
func (w *Writer) take() (reopen bool, batch []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reopen, w.reopen = w.reopen, false
	if w.gaveUp != nil {
		return false, nil
	}
	return reopen, w.buf.next(maxBatch)
}

// settle takes note of what has been written, and of what has failed.
func (w *Writer) settle(written []byte, err error) {
	lines := uint64(bytes.Count(written, newline))
	w.mu.Lock()
	w.stuck = err
	if err == nil {
		err = w.drain.odd
	}
	w.stats.Err = err
	if len(written) > 0 && w.gaveUp == nil {
		w.buf.consume(len(written))
		w.stats.Lines += lines
		w.stats.Bytes += uint64(len(written))
		if w.changed != nil {
			close(w.changed)
			w.changed = nil
		}
	}
	w.mu.Unlock()
	w.tell(err)
}

// tell calls OnError with an error that it has not seen just before.
func (w *Writer) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != w.drain.told && err != nil && w.opts.OnError != nil {
		w.opts.OnError(err)
	}
	w.drain.told = text
}

// report writes the line that says how many were dropped, if any were.
func (w *Writer) report() error {
	w.mu.Lock()
	lines, why := w.unsaid, w.why
	skip := lines == 0 || w.gaveUp != nil
	if !skip {
		w.why = nil // lines that are dropped from now on have a reason of their own
	}
	w.mu.Unlock()
	if skip {
		return nil
	}
	text := bytes.TrimRight(w.opts.Dropped(lines, why), "\n")
	if len(text) > 0 {
		// In one piece: it must be there wholly or not at all.
		text = append(bytes.ReplaceAll(text, newline, []byte{' '}), '\n')
		_, err := w.put(text)
		w.settle(nil, err)
		if err != nil {
			w.mu.Lock()
			w.why = why
			w.mu.Unlock()
			return err
		}
	}
	w.mu.Lock()
	w.unsaid -= lines
	w.mu.Unlock()
	return nil
}

// put writes lines to the file to which the path leads: n bytes of them, whole lines, which are then there for good. n
// may be less than there are without an error, but is not 0 then.
func (w *Writer) put(lines []byte) (n int, err error) {
	for range maxDeletions {
		w.drain.odd = nil
		size, err := w.ready()
		if err != nil {
			return 0, err
		}
		piece := lines
		if w.rotates() {
			var again bool
			if piece, again = w.fit(lines, size); again {
				continue
			}
		}
		n, err := w.drain.file.append(piece)
		if w.drain.file.linked() {
			if err != nil {
				err = fmt.Errorf("write log file %s: %w", w.opts.Path, err)
			}
			return n, err
		}
		// Whoever has the deleted file open yet shall not see these lines twice.
		w.drain.file.undo(n)
	}
	return 0, fmt.Errorf("write log file %s: it is deleted or moved again and again", w.opts.Path)
}

// ready sees to it that the open file is the one to which the path leads, and returns its size.
func (w *Writer) ready() (size int64, err error) {
	f := w.drain.file
	if f != nil {
		if size, ok := f.at(w.opts.Path); ok {
			return size, nil
		}
	}
	err = w.openAnew()
	if err != nil && f != nil && f.linked() {
		w.drain.odd = fmt.Errorf("%w (lines still go to the file that was there before)", err)
		return f.size(), nil
	}
	if err != nil {
		w.drop()
		return 0, err
	}
	return w.drain.file.size(), nil
}

// openAnew replaces the open file by that to which the path leads. If it fails, the open file stays.
func (w *Writer) openAnew() error {
	f, err := openFile(w.opts.Path)
	if err != nil {
		return err
	}
	f.write = w.opts.write
	w.drop()
	w.drain.file, w.drain.odd = f, nil
	w.mu.Lock()
	w.stats.Reopened++
	w.mu.Unlock()
	return nil
}

// drop closes the open file.
func (w *Writer) drop() {
	if w.drain.file != nil {
		w.drain.file.close()
		w.drain.file = nil
	}
}
