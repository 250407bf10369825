package arena

import (
	"slices"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/reuse"
)

// lease is a part of an arena that is lent. It implements buffer.Memory.
type lease struct {
	arena *Arena
	at    extent
	kind  kind

	over bool // guarded by the arena's lock
}

type kind uint8

const (
	ownHalf kind = iota // lent by this end
	claim               // by the worker; this is the daemon's end
	view                // by the daemon, for the length of a call; this is the worker's end
)

// piece returns the first n bytes of e, with a lease of it.
func (a *Arena) piece(e extent, n int, k kind) buffer.Piece {
	whole := e.from + max(n, 0)
	return buffer.Piece{Bytes: a.mem[e.from:whole:whole], Memory: &lease{arena: a, at: e, kind: k}}
}

// Release gives the part back. Only the first call has an effect.
func (l *lease) Release() {
	if tell := l.release(); tell != nil {
		tell()
	}
}

// release returns what must be called afterwards, without the lock.
func (l *lease) release() (tell func()) {
	a := l.arena
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.over {
		return nil
	}
	l.over = true
	if l.kind != view && a.mem != nil {
		guard(func() { reuse.Spoil(a.mem[l.at.from:l.at.to:l.at.to]) })
	}
	switch l.kind {
	case ownHalf:
		if err := a.giveLocked(l.at.from); err != nil {
			panic("legion: an arena has lost a lease: " + err.Error())
		}
	case claim:
		return a.unclaimLocked(l.at)
	}
	return nil
}

// AppendTo appends bytes, which are the lease's, to b. Those that the worker
// has taken away, so that the system has no memory for them, are zero.
func (l *lease) AppendTo(b, bytes []byte) []byte {
	n := len(b)
	b = slices.Grow(b, len(bytes))[:n+len(bytes)]
	if !guard(func() { copy(b[n:], bytes) }) {
		clear(b[n:])
	}
	return b
}
