package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Defaults of Options.
const (
	DefaultBuffer = 1 << 20
	DefaultBatch  = 64 << 10
)

// lastPatience is how long Close waits, after giving up, for the sink to
// notice.
const lastPatience = 100 * time.Millisecond

// ErrOverflow is the reason why records were dropped when nothing failed: they
// came faster than the sink took them, or one was longer than the buffer.
var ErrOverflow = errors.New("more came than the buffer holds")

// Options say how records are passed on. The zero value is usable.
type Options struct {
	// Buffer is how many bytes of records may wait, each record counted with 8
	// bytes more; default DefaultBuffer. The writer uses at most about twice as
	// much memory.
	Buffer int

	// Batch is the most bytes that the sink gets at once; a longer record comes
	// alone. With 1, each record does. Default DefaultBatch.
	Batch int

	// Dropped makes the record that reports how many records were dropped and why.
	// A nil result reports nothing. Default: "N records were dropped: why", with a
	// newline.
	Dropped func(records uint64, why error) []byte

	// OnError is called with the current error (see Stats.Err), once for each
	// change. It must not wait for the writer. Default: not called.
	OnError func(err error)
}

// Writer passes records to a sink. Made by New.
type Writer struct {
	sink Sink
	opts Options
	own  own // the goroutine's

	ctx       context.Context // of Put
	interrupt context.CancelFunc
	wake      chan struct{} // there is something to do
	nudge     chan struct{} // … without a pause
	done      chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	queue  queue
	unsaid drops
	nudged bool  // Nudge was called
	closed bool  // Close was called
	gaveUp bool  // Close gave up before all were written
	result error // of Close
	stuck  error // why records wait; nil if they just wait for their turn
	stats  Stats
}

// Stats are counts since New.
type Stats struct {
	Written uint64 // written records; reports of drops do not count
	Dropped uint64 // records that will never be written
	Waiting uint64 // records that wait now
	Err     error  // the current error: why records are not written, or not as they should be; nil if none
}

// New makes a writer for s, and starts its goroutine, which runs until
// Writer.Close and then closes s.
func New(s Sink, o Options) *Writer {
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Batch <= 0 {
		o.Batch = DefaultBatch
	}
	if o.Dropped == nil {
		o.Dropped = func(records uint64, why error) []byte {
			return fmt.Appendf(nil, "%d records were dropped: %v\n", records, why)
		}
	}
	w := &Writer{
		sink:  s,
		opts:  o,
		wake:  make(chan struct{}, 1),
		nudge: make(chan struct{}, 1),
		done:  make(chan struct{}),
		queue: queue{limit: o.Buffer},
	}
	w.ctx, w.interrupt = context.WithCancel(context.Background())
	go w.run()
	return w
}

// Write takes one record. It does not wait, does not retain record, and always
// returns len(record) and nil: a record that finds no room, or comes after
// Close, is dropped and counted.
func (w *Writer) Write(record []byte) (int, error) {
	if len(record) == 0 {
		return 0, nil
	}
	w.mu.Lock()
	switch {
	case w.closed:
		w.stats.Dropped++ // and no log is left to report it in
	case w.queue.put(record):
	case w.stuck != nil:
		w.dropLocked(w.stuck, w.queue.came)
	default:
		w.dropLocked(ErrOverflow, w.queue.came)
	}
	w.mu.Unlock()
	signal(w.wake)
	return len(record), nil
}

// dropLocked counts a dropped record, to be reported after the given number of
// others.
func (w *Writer) dropLocked(why error, after uint64) {
	w.stats.Dropped++
	w.unsaid.add(why, after)
}

// Nudge makes the writer call the sink's Put soon, even if it pauses after a
// failure or nothing waits. It returns without waiting for that.
func (w *Writer) Nudge() {
	w.mu.Lock()
	w.nudged = true
	w.mu.Unlock()
	signal(w.nudge)
}

// Close passes on the waiting records, ends the goroutine and closes the sink.
// Later records are dropped. If ctx ends first, the rest is dropped, and the
// error says how many records and why; the goroutine then ends, and closes the
// sink, as soon as the sink returns. Close may be called again, and returns the
// same.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	signal(w.nudge)
	select {
	case <-w.done:
	case <-ctx.Done():
		w.giveUp(ctx.Err())
		select {
		case <-w.done:
		case <-time.After(lastPatience):
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.result
}

func (w *Writer) giveUp(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp {
		return
	}
	w.gaveUp = true
	w.interrupt()
	left := w.queue.len()
	if left == 0 {
		return // the goroutine is about to end
	}
	w.result = fmt.Errorf("%d records are not written: %w", left, why)
	if w.stats.Err != nil {
		w.result = fmt.Errorf("%w: %w", w.result, w.stats.Err)
	}
	w.stats.Dropped += uint64(left)
}

// Stats returns the counts as they are now.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	if !w.gaveUp {
		s.Waiting = uint64(w.queue.len())
	}
	return s
}

// signal leaves a message in a channel with room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
