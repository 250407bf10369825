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

// own is the state that the goroutine alone uses.
type own struct {
	told  string // the text of the error that OnError has seen last
	muted bool   // the sink has refused to take what was dropped: tell it after a record that it takes
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

// finished reports whether the goroutine is to end, after drain has returned
// err: what was dropped is told before, if it can be.
func (w *Writer) finished(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaveUp || w.closed && w.queue.len() == 0 && (len(w.unsaid) == 0 || w.own.muted || err != nil)
}

// drain hands on all that waits, until the first failure.
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

// take returns what is to be handed on next, which stays in the queue until
// settle, and whether the sink is to see to itself.
func (w *Writer) take() (batch []byte, nudged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp {
		return nil, false
	}
	nudged, w.nudged = w.nudged, false
	return w.queue.next(w.opts.Batch), nudged
}

// outcome is what became of records that the sink got.
type outcome struct {
	n       int   // bytes that are out
	refused error // why the first record that is not out must not be put again
	failed  error // why to pause before what is not out is put again
}

// hand hands records on, and lets it be known how that went.
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

// settle takes out of the queue what is not to be put again.
func (w *Writer) settle(o outcome) {
	if o.n > 0 {
		w.own.muted = false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp {
		return // what waited is counted
	}
	w.stats.Written += uint64(w.queue.consume(o.n))
	if o.refused != nil {
		w.queue.drop()
		w.dropLocked(o.refused, w.queue.went)
	}
}

// tell calls OnError with an error that it has not seen just before.
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

// report tells what was dropped, if anything was: a record for each reason,
// after the records that came before.
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
