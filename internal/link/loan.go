package link

import (
	"sync"

	"github.com/legion-go/legion/internal/wire"
)

// Lend returns memory for a large payload of n bytes that begins to arrive, or
// nil. Over sockets it is not used. It runs where the handler runs, and as the
// handler it must not block for long.
type Lend func(h wire.Header, n int) *Loan

// A Loan is memory that the link fills with one payload, and that its owner may
// take back at any time: a peer may never finish the payload, or send two for
// one call. A nil Loan lends nothing.
type Loan struct {
	mu     sync.Mutex
	memory []byte // nil once it was taken back
}

// NewLoan lends the memory of b, from its beginning to its capacity.
func NewLoan(b []byte) *Loan { return &Loan{memory: b[:cap(b)]} }

// End takes the memory back: when it returns, the link writes to it no more.
// The payload, if it is not complete, is lost. It is idempotent; any goroutine
// may call it.
func (l *Loan) End() {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.memory = nil
	l.mu.Unlock()
}

// put writes a piece of the payload, unless the memory was taken back.
func (l *Loan) put(at int, piece []byte) {
	l.mu.Lock()
	defer l.mu.Unlock() // a fault of the shared memory leaves here, too
	if l.memory != nil {
		copy(l.memory[at:], piece)
	}
}

// payload returns the first n bytes; nil if the memory was taken back.
func (l *Loan) payload(n int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.memory == nil {
		return nil
	}
	return l.memory[:n]
}
