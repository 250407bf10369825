package turns

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/bus"
)

// loop is the functions that a loop was given. The tests call them.
type loop struct {
	mu     sync.Mutex
	posted []func()
	ended  bool // it takes nothing more
}

func (l *loop) post(fn func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.posted = append(l.posted, fn)
	}
	return !l.ended
}

// next calls the function that was posted first. It returns false if there is
// none.
func (l *loop) next() bool {
	l.mu.Lock()
	if len(l.posted) == 0 {
		l.mu.Unlock()
		return false
	}
	fn := l.posted[0]
	l.posted = l.posted[1:]
	l.mu.Unlock()
	fn()
	return true
}

// rest calls all functions, and those that come meanwhile.
func (l *loop) rest() {
	for l.next() {
	}
}

// notes is what a queue does, in order.
type notes []string

func (n *notes) add(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

func (n *notes) noting(what string) func() { return func() { n.add("%s", what) } }

// panicked notes the panic of what.
func (n *notes) panicked(what string, err error) {
	var p *bus.PanicError
	if !errors.As(err, &p) {
		n.add("%s: %v", what, err)
		return
	}
	n.add("%s panicked: %v", what, p.Value)
}

// newQueue returns a queue for a loop, whose reports are noted.
func newQueue(t *testing.T) (*loop, *Queue, *notes) {
	t.Helper()
	l, n := &loop{}, &notes{}
	return l, &Queue{
		Post:    l.post,
		LeftOut: func(kind string, left uint64) { n.add("%d of %s left out", left, kind) },
		Failed:  n.panicked,
	}, n
}
