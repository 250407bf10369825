// Package turns bounds the functions that wait for a daemon's loop.
//
//   - queue.go: Queue, for functions requested from outside the program
//   - after.go: After, for callbacks that the loop no longer takes
//   - unheard.go: Unheard, for failures that the program does not ask for
package turns

import (
	"container/list"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
)

// unsaidSpan is the time between two reports while functions are being left
// out.
const unsaidSpan = time.Second

// Queue holds functions that wait for the loop on request from outside the
// program: events of workers and clients, signals, methods. A worker or a
// client that repeats requests must not fill the loop: of each kind a limited
// number waits, and the rest is left out, counted and reported. They run in the
// order in which they came, one between two of the loop's other functions.
//
// The program's own functions, above all callbacks of futures, are posted to
// the loop and never left out.
//
// Its methods may be called from any goroutine.
type Queue struct {
	// Post posts a function to the loop. It returns false, and the function is not
	// called, when the loop takes no more.
	Post func(func()) bool
	// LeftOut reports how many of a kind were left out. On the loop.
	LeftOut func(kind string, n uint64)
	// Failed reports the panic of a function. On the loop, and only of those that
	// the loop calls as its last; it handles the others' itself.
	Failed func(kind string, err error)

	mu      sync.Mutex
	waiting list.List // of *turn
	kinds   map[string]*kind
	posted  bool // next is on the loop
	over    bool // the loop takes no more: the waiting functions are the last
	leftOut uint64
}

// Turn is a function that waits.
type Turn = list.Element

// turn is the value of a Turn.
type turn struct {
	kind *kind
	run  func() // nil after its turn
}

// kind counts the functions of a kind.
type kind struct {
	name    string
	waiting int
	unsaid  uint64    // left out, and not reported yet
	said    time.Time // of the last report
}

// Add makes the loop call fn. It returns nil, and fn is not called, if limit
// functions of the kind wait already, or after the loop's end. A limit of 0
// means no limit.
func (q *Queue) Add(kindName string, limit int, fn func()) *Turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return nil
	}
	k := q.kinds[kindName]
	if k == nil {
		if q.kinds == nil {
			q.kinds = map[string]*kind{}
		}
		k = &kind{name: kindName}
		q.kinds[kindName] = k
	}
	if limit > 0 && k.waiting >= limit {
		k.unsaid++
		q.leftOut++
		return nil
	}
	if !q.posted && !q.Post(q.next) {
		return nil
	}
	q.posted = true
	k.waiting++
	return q.waiting.PushBack(&turn{k, fn})
}

// Forget takes back a function given to Add. It returns false if that has
// already run.
func (q *Queue) Forget(e *Turn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.Value.(*turn).run == nil {
		return false
	}
	q.takeLocked(e)
	return true
}

func (q *Queue) takeLocked(e *Turn) (k *kind, run func()) {
	t := q.waiting.Remove(e).(*turn)
	run, t.run = t.run, nil
	t.kind.waiting--
	return t.kind, run
}

// next calls the first function, on the loop. When the loop takes no more, it
// calls all that are left, and none is added: endless requests from outside
// would keep a stop from ending.
func (q *Queue) next() {
	for last := false; ; {
		q.mu.Lock()
		e := q.waiting.Front()
		if e == nil {
			q.posted = false
			q.mu.Unlock()
			return
		}
		k, run := q.takeLocked(e)
		switch {
		case last:
		case q.waiting.Len() == 0:
			q.posted = false
		default:
			last = !q.Post(q.next)
			q.over = last
		}
		more := last
		left := k.reportLocked()
		q.mu.Unlock()
		if left > 0 {
			q.LeftOut(k.name, left)
		}
		if !more {
			run()
			return
		}
		if err := bus.Protect(func() error { run(); return nil }); err != nil { // the others run all the same
			q.Failed(k.name, err)
		}
	}
}

// reportLocked returns how many of the kind were left out, if it is time to
// report that.
func (k *kind) reportLocked() (left uint64) {
	if k.unsaid == 0 || k.waiting > 0 && time.Since(k.said) < unsaidSpan {
		return 0
	}
	left, k.unsaid, k.said = k.unsaid, 0, time.Now()
	return left
}

// Count returns how many wait, without the one that is posted to the loop, and
// how many were left out since the start.
func (q *Queue) Count() (waiting int, leftOut uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.waiting.Len()-1, 0), q.leftOut
}
