package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Defaults of Options.
const (
	DefaultPath   = "/run/systemd/journal/socket"
	DefaultBuffer = 1 << 20
)

var (
	// ErrUnsupported is returned by Open where there is no journald: on any system but Linux.
	ErrUnsupported = errors.New("there is no journald on this system")

	// ErrOverflow is the reason why entries were dropped when nothing failed: they came faster than journald takes
	// them, or one was larger than the buffer.
	ErrOverflow = errors.New("more came than the buffer holds")

	// ErrClosed is returned by Flush if Close has given up on entries that it waits for.
	ErrClosed = errors.New("journal is closed")
)

// Options says where and how to send. The zero value is usable.
type Options struct {
	// Path of journald's socket; default DefaultPath.
	Path string

	// Buffer is how many bytes of entries may wait to be sent; default DefaultBuffer. A larger entry is dropped.
	Buffer int

	// Dropped makes the entry that reports how many entries were dropped and why; it is called by the writer's
	// goroutine. A nil result reports nothing. Default: a warning with the message "N entries were dropped: why".
	Dropped func(entries uint64, why error) []byte

	// OnError is called by the writer's goroutine when entries cannot be sent any more: once, until it works again or
	// another error takes its place. It must not wait for the journal. Default: nobody is told.
	OnError func(err error)
}

// Writer sends entries to journald; see the package's documentation. Made by Open.
type Writer struct {
	opts Options
	told string // by the goroutine only: the text of the error that OnError has seen last

	wake  chan struct{} // there is an entry: left by Write
	nudge chan struct{} // do not wait any longer: Flush, Close
	quit  chan struct{} // closed when Close gives up
	done  chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	socket   *socket // changed by the goroutine only; nil while there is no connection
	queue    [][]byte
	size     int   // bytes of the entries that wait
	closed   bool  // Close was called
	quitting bool  // and has given up on what is not sent
	stuck    error // why nothing can be sent now
	gaveUp   error // what Close returns
	accepted uint64
	settled  uint64 // of the accepted ones, sent or refused by journald
	stats    Stats
	unsaid   uint64        // dropped entries that no entry reports yet
	why      error         // of unsaid
	changed  chan struct{} // closed when settled changes; nil if nobody waits for it
}

// Stats are counts since Open.
type Stats struct {
	Entries uint64 // sent; the reports of dropped ones do not count
	Bytes   uint64 // of these entries
	Dropped uint64 // entries that were not sent
	Waiting uint64 // entries that wait now
	Err     error  // why nothing can be sent now; nil if it can
}

// Open connects to journald and starts the goroutine that sends to it, which runs until Writer.Close. It fails if
// nobody listens on the socket.
func Open(o Options) (*Writer, error) {
	if o.Path == "" {
		o.Path = DefaultPath
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Dropped == nil {
		o.Dropped = func(entries uint64, why error) []byte {
			entry := AppendField(nil, "MESSAGE", fmt.Sprintf("%d entries were dropped: %v", entries, why))
			return AppendField(entry, "PRIORITY", "4")
		}
	}
	w := &Writer{
		opts:  o,
		wake:  make(chan struct{}, 1),
		nudge: make(chan struct{}, 1),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	s, err := dial(o.Path)
	if err != nil {
		return nil, err
	}
	w.socket = s
	go w.run()
	return w, nil
}

// Write takes one entry, made with AppendField. It waits for nothing, keeps nothing of entry, and always returns
// len(entry) and nil: an entry that finds no room, or comes after Close, is dropped and counted.
func (w *Writer) Write(entry []byte) (int, error) {
	if len(entry) == 0 {
		return 0, nil
	}
	w.mu.Lock()
	if w.closed || len(entry) > w.opts.Buffer-w.size {
		w.dropLocked(1, ErrOverflow)
	} else {
		w.queue = append(w.queue, append([]byte(nil), entry...))
		w.size += len(entry)
		w.accepted++
	}
	w.mu.Unlock()
	signal(w.wake)
	return len(entry), nil
}

// dropLocked counts dropped entries; what keeps all of them from being sent goes before the reason given.
func (w *Writer) dropLocked(entries uint64, why error) {
	w.stats.Dropped += entries
	w.unsaid += entries
	switch {
	case w.stuck != nil:
		w.why = w.stuck
	case w.why == nil || !errors.Is(why, ErrOverflow):
		w.why = why
	}
}

// Flush returns when journald's socket has taken every entry that was accepted before. If ctx ends before, its error is
// returned, with that which keeps the entries from being sent.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for target := w.accepted; w.settled < target; {
		if w.quitting {
			return fmt.Errorf("flush journal %s: %w", w.opts.Path, ErrClosed)
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
			return w.lateLocked("flush", target-min(target, w.settled), err)
		}
	}
	return nil
}

// lateLocked is the error of a Flush or Close that did not get through in time.
func (w *Writer) lateLocked(doing string, entries uint64, err error) error {
	err = fmt.Errorf("%s journal %s: %d entries are not sent: %w", doing, w.opts.Path, entries, err)
	if w.stuck != nil {
		err = fmt.Errorf("%w: %w", err, w.stuck)
	}
	return err
}

// Close sends what has been accepted, ends the goroutine and closes the socket. Entries that come later are dropped. If
// ctx ends before everything is sent, the rest is dropped, and the error says how much and why. Close may be called
// again, and returns the same.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	signal(w.nudge)
	select {
	case <-w.done:
	case <-ctx.Done():
		w.giveUp(ctx.Err())
		<-w.done // nothing holds the goroutine up any longer
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaveUp
}

func (w *Writer) giveUp(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quitting {
		return
	}
	w.quitting = true
	close(w.quit)
	if left := w.accepted - w.settled; left > 0 {
		w.gaveUp = w.lateLocked("close", left, err)
		w.dropLocked(left, err)
	}
	if w.socket != nil {
		w.socket.interrupt()
	}
}

// Stats returns the counts as they are now.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Err = w.stuck
	if !w.quitting {
		s.Waiting = w.accepted - w.settled
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
