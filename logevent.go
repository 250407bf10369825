package legion

import (
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/event"
)

const (
	// maxWaiting and maxWaitingBytes bound the records that wait for the loop.
	maxWaiting      = 1024
	maxWaitingBytes = 4 << 20

	// logTurn is how many records have their turn on the loop before others have
	// theirs.
	logTurn = 64
)

// errBusyLoop is why records were dropped that waited for the loop.
var errBusyLoop = errors.New("more came than the loop, on which handlers of *event.Log run, has come to")

// logEvents are the records that wait for handlers of *Log.
type logEvents struct {
	live   atomic.Bool // between openLogs and closeLogs
	inside bool        // a handler runs; on the loop only

	mu      sync.Mutex
	waiting []slog.Record
	bytes   int    // of waiting
	posted  bool   // the loop has been asked to look
	unsaid  uint64 // dropped ones that no record tells of yet
}

// logHandled counts a Log event and reports whether there are handlers for it.
func (d *Daemon) logHandled() bool {
	return d.logs.events.live.Load() && d.bus.Count(reflect.TypeFor[*event.Log]())
}

// offerLog has the handlers called for a record, now if this is the loop, and
// writes what they leave of it.
func (d *Daemon) offerLog(r slog.Record) {
	e := &d.logs.events
	if d.loop.OnLoop() {
		if e.inside {
			d.logs.write(d.logs.target.Load(), r)
			return
		}
		for d.takeLog() { // what came before
		}
		d.handleLog(r)
		return
	}
	size := recordSize(r)
	e.mu.Lock()
	if len(e.waiting) == maxWaiting || e.bytes+size > maxWaitingBytes {
		e.unsaid++
		e.mu.Unlock()
		d.logs.lost.Add(1)
		return
	}
	e.waiting = append(e.waiting, r)
	e.bytes += size
	post := !e.posted
	e.posted = true
	e.mu.Unlock()
	if post && !d.post(d.logTurn) {
		e.end(d) // the loop has ended before the log
	}
}

// logTurn handles some of the records that wait. On the loop.
func (d *Daemon) logTurn() {
	for range logTurn {
		if !d.takeLog() {
			return
		}
	}
	if !d.post(d.logTurn) {
		d.logs.events.end(d)
	}
}

// takeLog handles the oldest record that waits. It reports false if there is
// none, and then wants to be asked to look again. On the loop.
func (d *Daemon) takeLog() bool {
	r, ok, dropped := d.logs.events.next()
	if dropped > 0 {
		d.logs.write(d.logs.target.Load(), d.droppedRecord(dropped, errBusyLoop))
	}
	if ok {
		d.handleLog(r)
	}
	return ok
}

func (e *logEvents) next() (r slog.Record, ok bool, dropped uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.waiting, e.posted = nil, false
		dropped, e.unsaid = e.unsaid, 0
		return r, false, dropped
	}
	r = e.waiting[0]
	e.waiting[0] = slog.Record{}
	e.waiting = e.waiting[1:]
	e.bytes -= recordSize(r)
	return r, true, 0
}

// handleLog calls the handlers. On the loop.
func (d *Daemon) handleLog(r slog.Record) {
	e := &d.logs.events
	e.inside = true
	defer func() { e.inside = false }()
	about := &event.Log{Record: &r}
	if emitCounted(d.live, d, about) || about.Record == nil {
		return
	}
	d.logs.write(d.logs.target.Load(), *about.Record)
}

// end writes what waits without asking the handlers: the loop does not come to it
// any more.
func (e *logEvents) end(d *Daemon) {
	e.live.Store(false)
	for {
		r, ok, dropped := e.next()
		if dropped > 0 {
			d.logs.write(d.logs.target.Load(), d.droppedRecord(dropped, errBusyLoop))
		}
		if !ok {
			return
		}
		d.logs.write(d.logs.target.Load(), r)
	}
}

// recordSize is about what a record takes in memory, in bytes, but for what is
// the same in each.
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
