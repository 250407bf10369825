package logs

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
)

const (
	// maxWaiting and maxWaitingBytes bound the records that wait for the loop.
	maxWaiting      = 1024
	maxWaitingBytes = 4 << 20

	// maxTurn is how many records are handled on the loop before other functions
	// have their turn.
	maxTurn = 64
)

// errBusyLoop is why waiting records were dropped.
var errBusyLoop = errors.New("more came than the loop, which runs the handlers of *event.Log, could handle")

// Handlers are how the log asks the daemon's handlers about its records: on the
// loop. All functions are required, and called only between Open and Close.
type Handlers struct {
	Wanted func() bool             // reports whether there are handlers; any goroutine
	OnLoop func() bool             // reports whether this goroutine is the loop's
	Post   func(fn func()) bool    // makes the loop call fn; returns false, without calling fn, once the loop has ended
	Handle func(*slog.Record) bool // calls the handlers, which may change the record; reports whether to write it. On the loop
}

// handled holds the records that wait for handlers.
type handled struct {
	log    *Log
	ask    Handlers
	live   atomic.Bool // between Open and Close
	inside bool        // a handler runs; on the loop only

	mu      sync.Mutex
	waiting []slog.Record
	bytes   int    // of waiting
	posted  bool   // the loop will look
	unsaid  uint64 // dropped records that are not reported yet
}

// wants reports whether there are handlers.
func (e *handled) wants() bool { return e.live.Load() && e.ask.Wanted() }

// offer passes a record to the handlers, now if this is the loop, and writes
// the result.
func (e *handled) offer(r slog.Record) {
	if e.ask.OnLoop() {
		if e.inside {
			e.log.write(r)
			return
		}
		for e.take() { // earlier records
		}
		e.handle(r)
		return
	}
	size := recordSize(r)
	e.mu.Lock()
	if len(e.waiting) == maxWaiting || e.bytes+size > maxWaitingBytes {
		e.unsaid++
		e.mu.Unlock()
		e.log.lost.Add(1)
		return
	}
	e.waiting = append(e.waiting, r)
	e.bytes += size
	post := !e.posted
	e.posted = true
	e.mu.Unlock()
	if post {
		e.post()
	}
}

func (e *handled) post() {
	if !e.ask.Post(e.turn) {
		e.end() // the loop has ended before the log
	}
}

// turn handles some of the records that wait. On the loop.
func (e *handled) turn() {
	for range maxTurn {
		if !e.take() {
			return
		}
	}
	e.post()
}

// take handles the oldest waiting record. It reports false if no record waits;
// the next record then posts to the loop again. On the loop.
func (e *handled) take() bool {
	r, ok := e.next()
	if ok {
		e.handle(r)
	}
	return ok
}

// next returns the oldest waiting record, or if no record waits, a report of
// dropped ones.
func (e *handled) next() (r slog.Record, ok bool) {
	e.mu.Lock()
	if len(e.waiting) > 0 {
		defer e.mu.Unlock()
		r = e.waiting[0]
		e.waiting[0] = slog.Record{}
		e.waiting = e.waiting[1:]
		e.bytes -= recordSize(r)
		return r, true
	}
	e.waiting, e.posted = nil, false
	dropped := e.unsaid
	e.unsaid = 0
	e.mu.Unlock()
	if dropped > 0 {
		e.log.write(e.log.droppedRecord(dropped, errBusyLoop))
	}
	return r, false
}

// handle calls the handlers. On the loop.
func (e *handled) handle(r slog.Record) {
	e.inside = true
	defer func() { e.inside = false }()
	if e.ask.Handle(&r) {
		e.log.write(r)
	}
}

// end writes the waiting records without the handlers: the loop will not run
// any more.
func (e *handled) end() {
	e.live.Store(false)
	for r, ok := e.next(); ok; r, ok = e.next() {
		e.log.write(r)
	}
}

// recordSize is about the memory of a record, in bytes, without the part that
// is the same in each.
func recordSize(r slog.Record) int {
	size := len(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		size += attrSize(a)
		return true
	})
	return size
}

func attrSize(a slog.Attr) int {
	size := len(a.Key) + 16
	switch a.Value.Kind() {
	case slog.KindString:
		size += len(a.Value.String())
	case slog.KindGroup:
		for _, in := range a.Value.Group() {
			size += attrSize(in)
		}
	}
	return size
}
