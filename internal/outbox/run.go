package outbox

import (
	"errors"
	"io"
	"time"
)

// Pauses after failures double from the first to the last.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// own is the state that only the goroutine uses.
type own struct {
	told  string // the text of the last error that OnError got
	muted bool   // the sink refused a report of drops: report them after a record that it takes
}

// run is the goroutine.
func (w *Writer) run() {
	defer close(w.done)
	for pause := time.Duration(0); ; {
		err := w.drain()
		if w.finished(err) {
			break
		}
		if err == nil {
			pause = 0
			select {
			case <-w.wake:
			case <-w.nudge:
			}
			continue
		}
		pause = min(max(2*pause, firstPause), lastPause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-w.nudge:
		case <-w.ctx.Done():
		}
		timer.Stop()
	}
	err := w.sink.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.result == nil {
		w.result = err
	}
	w.interrupt()
}

// finished reports whether the goroutine must end, after drain returned err:
// before the end it reports drops, if possible.
func (w *Writer) finished(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaveUp || w.closed && w.queue.len() == 0 && (len(w.unsaid) == 0 || w.own.muted || err != nil)
}

// drain passes on all waiting records, until the first failure.
func (w *Writer) drain() error {
	for {
		batch, nudged := w.take()
		if batch == nil && !nudged {
			return w.report()
		}
		o := w.hand(batch)
		w.settle(o)
		if o.failed != nil {
			return o.failed
		}
		if err := w.report(); err != nil {
			return err
		}
	}
}

// take returns the records to pass on next, which stay in the queue until
// settle, and whether the sink should check itself.
func (w *Writer) take() (batch []byte, nudged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp {
		return nil, false
	}
	nudged, w.nudged = w.nudged, false
	return w.queue.next(w.opts.Batch), nudged
}

// outcome is the sink's result for records.
type outcome struct {
	n       int   // bytes that are written
	refused error // why the first unwritten record must not be put again
	failed  error // why to pause before the unwritten records are put again
}

// hand passes records to the sink, and reports the result.
func (w *Writer) hand(records []byte) outcome {
	n, err := w.sink.Put(w.ctx, records)
	o := outcome{n: n}
	if n < len(records) {
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if r, ok := errors.AsType[*Refused](err); ok {
			err, o.refused = r.Err, r.Err
		} else {
			o.failed = err
		}
	}
	w.mu.Lock()
	w.stats.Err, w.stuck = err, o.failed
	w.mu.Unlock()
	w.tell(err)
	return o
}

// settle removes from the queue the records that must not be put again.
func (w *Writer) settle(o outcome) {
	if o.n > 0 {
		w.own.muted = false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp {
		return // Close counted the waiting records
	}
	w.stats.Written += uint64(w.queue.consume(o.n))
	if o.refused != nil {
		w.queue.drop()
		w.dropLocked(o.refused, w.queue.went)
	}
}

// tell calls OnError with an error that differs from the last one.
func (w *Writer) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != w.own.told && err != nil && w.opts.OnError != nil {
		w.opts.OnError(err)
	}
	w.own.told = text
}

// report reports dropped records, if any: a record for each reason, after the
// records that came before.
func (w *Writer) report() error {
	for {
		w.mu.Lock()
		of, due := w.unsaid.due(w.queue.went)
		due = due && !w.own.muted && !w.gaveUp
		w.mu.Unlock()
		if !due {
			return nil
		}
		if text := w.opts.Dropped(of.records, of.why); len(text) > 0 {
			o := w.hand(text)
			w.own.muted = o.refused != nil
			if o.failed != nil {
				return o.failed
			}
			if w.own.muted {
				return nil
			}
		}
		w.mu.Lock()
		w.unsaid.told(of.records, w.queue.came)
		w.mu.Unlock()
	}
}
