package legion

import (
	"container/list"
	"fmt"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
)

// turns are what waits for the loop because something outside the program wants
// it: events of workers and clients, signals, methods. Nothing of that may fill the
// loop, whatever a worker or a client does again and again: of each kind so many
// wait at most, and the rest is left out, counted and told. They have their turns
// in the order in which they came, one between two of the loop's other functions.
// What the program itself asks for, callbacks of futures above all, is posted to
// the loop and never left out.
type turns struct {
	mu      sync.Mutex
	waiting list.List // of *turn
	kinds   map[string]*turnKind
	posted  bool // next is on the loop
	over    bool // the loop takes nothing more: those that wait are the last
	leftOut uint64
}

// turn is one that waits.
type turn struct {
	kind *turnKind
	run  func()
}

// turnKind counts those of a kind.
type turnKind struct {
	name    string
	waiting int
	unsaid  uint64    // left out, and not told yet
	said    time.Time // when it was told last
}

const (
	// Of each kind so many may wait.
	maxEvents       = 10_000 // of workers, which cost a process each
	maxClientEvents = 100    // of clients, which cost them nothing
	maxErrors       = 100
	maxSignals      = 16

	// unsaidSpan is how often it is told what was left out, while it goes on.
	unsaidSpan = time.Second
)

// soon has fn called on the loop. It returns nil, and fn is not called, if limit of
// the kind wait already, or after the loop's end. A limit of 0 is none.
func (d *Daemon) soon(kind string, limit int, fn func()) *list.Element {
	q := &d.turns
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return nil
	}
	k := q.kinds[kind]
	if k == nil {
		if q.kinds == nil {
			q.kinds = map[string]*turnKind{}
		}
		k = &turnKind{name: kind}
		q.kinds[kind] = k
	}
	if limit > 0 && k.waiting >= limit {
		k.unsaid++
		q.leftOut++
		return nil
	}
	if !q.posted && !d.post(d.nextTurn) {
		return nil
	}
	q.posted = true
	k.waiting++
	return q.waiting.PushBack(&turn{k, fn})
}

// forget takes back one that soon has returned. It reports false if it has had its
// turn.
func (q *turns) forget(e *list.Element) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := e.Value.(*turn)
	if t.run == nil {
		return false
	}
	q.takeLocked(e)
	return true
}

func (q *turns) takeLocked(e *list.Element) (kind *turnKind, run func()) {
	t := q.waiting.Remove(e).(*turn)
	run, t.run = t.run, nil
	t.kind.waiting--
	return t.kind, run
}

// nextTurn calls what is first, on the loop. When the loop takes nothing more, it
// calls all that is left, and nothing is added to that: what goes on to come from
// outside would keep a stop from ending.
func (d *Daemon) nextTurn() {
	q := &d.turns
	for last := false; ; {
		q.mu.Lock()
		e := q.waiting.Front()
		if e == nil {
			q.posted = false
			q.mu.Unlock()
			return
		}
		kind, run := q.takeLocked(e)
		switch {
		case last:
		case q.waiting.Len() == 0:
			q.posted = false
		default:
			last = !d.post(d.nextTurn)
			q.over = last
		}
		more := last
		left := kind.tellLocked()
		q.mu.Unlock()
		if left > 0 {
			d.log.Warn("the loop is too slow for what comes from outside: some of it was left out", "what", kind.name, "count", left)
		}
		if !more {
			run()
			return
		}
		if err := bus.Protect(func() error { run(); return nil }); err != nil { // the others have their turn all the same
			d.report(kind.name, err, false)
		}
	}
}

// tellLocked returns how many of the kind were left out, if that is to be told now.
func (k *turnKind) tellLocked() (left uint64) {
	if k.unsaid == 0 || k.waiting > 0 && time.Since(k.said) < unsaidSpan {
		return 0
	}
	left, k.unsaid, k.said = k.unsaid, 0, time.Now()
	return left
}

// count returns how many wait, but for the one whose turn is on the loop, and how
// many were left out since the start.
func (q *turns) count() (waiting int, leftOut uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.waiting.Len()-1, 0), q.leftOut
}

// reportSoon reports an error on the loop, when it comes to it.
func (d *Daemon) reportSoon(where string, err error) {
	d.soon(fmt.Sprintf("errors of %s", where), maxErrors, func() { d.report(where, err, false) })
}

// Report tells of an error of the program: it is an [event.Failure] event, and unless a
// handler of that stops it, a line of the log. where names what failed, "import"
// for instance. It may be called from any goroutine and returns at once; many of
// the same place are bounded as the daemon's own are. A nil error is none.
func (d *Daemon) Report(where string, err error) {
	if err != nil {
		d.reportSoon(where, err)
	}
}
