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

// lastPatience is how long Close waits, after it has given up, for the sink to
// notice.
const lastPatience = 100 * time.Millisecond

// ErrOverflow is the reason why records were dropped when nothing failed: they
// came faster than the sink took them, or one was longer than the buffer.
var ErrOverflow = errors.New("more came than the buffer holds")

// Options say how records are handed on. The zero value is usable.
type Options struct {
	// Buffer is how many bytes of records may wait, each record counted with 8
	// bytes more; default DefaultBuffer. The writer takes about twice as much
	// memory at most.
	Buffer int

	// Batch is how many bytes the sink gets at once at most; a longer record
	// comes alone. With 1, each does. Default DefaultBatch.
	Batch int

	// Dropped makes the record that tells how many records were dropped and
	// why. A nil result tells nothing. Default: "N records were dropped: why",
	// with a newline.
	Dropped func(records uint64, why error) []byte

	// OnError is told what is wrong (see Stats.Err): once, until nothing is, or
	// something else. It must not wait for the writer. Default: nothing is
	// told.
	OnError func(err error)
}

// Writer hands records to a sink. Made by New.
type Writer struct {
	sink Sink
	opts Options
	own  own // the goroutine's

	ctx       context.Context // of Put
	interrupt context.CancelFunc
	wake      chan struct{} // there is something to do
	nudge     chan struct{} // and no pause is to be made
	done      chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	queue  queue
	unsaid drops
	nudged bool  // Nudge was called
	closed bool  // Close was called
	gaveUp bool  // and did not wait for all
	result error // of Close
	stuck  error // why records wait; nil if they only wait for their turn
	stats  Stats
}

// Stats are counts since New.
type Stats struct {
	Written uint64 // records that are out; those that tell of dropped ones do not count
	Dropped uint64 // records that are not, and will not be
	Waiting uint64 // records that wait now
	Err     error  // what is wrong now: why records are not taken, or not as they should be; nil if nothing
}

// New makes a writer that hands records to s, and starts the goroutine that
// does it, which runs until Writer.Close and then closes s.
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

// Write takes one record. It waits for nothing, keeps nothing of record, and
// always returns len(record) and nil: a record that finds no room, or comes
// after Close, is dropped and counted.
func (w *Writer) Write(record []byte) (int, error) {
	if len(record) == 0 {
		return 0, nil
	}
	w.mu.Lock()
	switch {
	case w.closed:
		w.stats.Dropped++ // and there is no log left to tell it in
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

// dropLocked counts a dropped record, which is to be told after so many others.
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

// Close hands on what waits, ends the goroutine and closes the sink. Records
// that come later are dropped. If ctx ends before all is handed on, the rest is
// dropped, and the error says how much and why; the goroutine then ends, and
// closes the sink, as soon as the sink lets it. Close may be called again, and
// returns the same.
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

// signal leaves a message in a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
