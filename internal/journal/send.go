package journal

import (
	"errors"
	"fmt"
	"time"
)

const (
	// Pauses after failures double from the first to the last.
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// errRefused marks an entry that cannot be sent, now or later.
var errRefused = errors.New("journald does not take an entry")

// run is the goroutine.
func (w *Writer) run() {
	defer close(w.done)
	defer w.disconnect()
	for pause := time.Duration(0); ; {
		err := w.sendAll()
		if w.finished() {
			return
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
		case <-w.quit:
		}
		timer.Stop()
	}
}

// finished says whether the goroutine is to end.
func (w *Writer) finished() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.quitting || w.closed && len(w.queue) == 0
}

// sendAll sends all that waits, until the first failure.
func (w *Writer) sendAll() error {
	for {
		entry := w.first()
		if entry == nil {
			return w.report()
		}
		err := w.send(entry)
		w.settle(entry, err)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		if err := w.report(); err != nil {
			return err
		}
	}
}

// first returns the oldest entry, which stays in the queue until settle; nil if there is none to be sent.
func (w *Writer) first() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 || w.quitting {
		return nil
	}
	return w.queue[0]
}

// settle takes note of what became of the oldest entry.
func (w *Writer) settle(entry []byte, err error) {
	refused := errors.Is(err, errRefused)
	w.mu.Lock()
	if w.quitting {
		w.mu.Unlock()
		return
	}
	w.stuck = err
	if refused {
		w.stuck = nil
		w.dropLocked(1, err)
	} else if err == nil {
		w.stats.Entries++
		w.stats.Bytes += uint64(len(entry))
	}
	if err == nil || refused {
		w.queue[0] = nil
		w.queue = w.queue[1:]
		w.size -= len(entry)
		w.settled++
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
	if text != w.told && err != nil && w.opts.OnError != nil {
		w.opts.OnError(err)
	}
	w.told = text
}

// report sends the entry that says how many were dropped, if any were.
func (w *Writer) report() error {
	w.mu.Lock()
	entries, why := w.unsaid, w.why
	skip := entries == 0 || w.quitting
	w.mu.Unlock()
	if skip {
		return nil
	}
	if entry := w.opts.Dropped(entries, why); len(entry) > 0 {
		err := w.send(entry)
		if errors.Is(err, errRefused) {
			err = nil // and there is nothing better to send
		}
		w.mu.Lock()
		w.stuck = err
		w.mu.Unlock()
		if err != nil {
			w.tell(err)
			return err
		}
	}
	w.mu.Lock()
	w.unsaid -= entries
	if w.unsaid == 0 {
		w.why = nil
	}
	w.mu.Unlock()
	return nil
}

// send sends an entry; it waits while journald's socket is full, until giveUp. If nobody has the other end any more, it
// connects anew, once.
func (w *Writer) send(entry []byte) error {
	for anew := false; ; anew = true {
		if w.socket == nil {
			s, err := dial(w.opts.Path)
			if err != nil {
				return err
			}
			w.mu.Lock()
			w.socket = s
			if w.quitting {
				s.interrupt()
			}
			w.mu.Unlock()
		}
		err := w.socket.send(entry)
		switch {
		case err == nil:
			return nil
		case lost(err):
			w.disconnect()
			if !anew {
				continue
			}
		case !passes(err):
			return fmt.Errorf("send %d bytes to journal %s: %w: %w", len(entry), w.opts.Path, errRefused, err)
		}
		return fmt.Errorf("send to journal %s: %w", w.opts.Path, err)
	}
}

func (w *Writer) disconnect() {
	w.mu.Lock()
	s := w.socket
	w.socket = nil
	w.mu.Unlock()
	if s != nil {
		s.close()
	}
}
