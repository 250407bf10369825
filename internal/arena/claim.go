package arena

import (
	"fmt"
	"slices"

	"github.com/legion-go/legion/internal/buffer"
)

// Claim returns the part that a ref in a result names. The part is one of lent,
// the pieces that were sent to the worker with the call, and not yet in taken,
// or it lies in the worker's half, where nothing of it is claimed already. A
// claim ends when the piece is released. An error means that the worker has
// named what it may not name.
func (a *Arena) Claim(at, length uint64, lent, taken []buffer.Piece) (buffer.Piece, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at >= uint64(2*a.half) || length > uint64(2*a.half)-at {
		return buffer.Piece{}, fmt.Errorf("%d bytes at %d of an arena of %d bytes", length, at, 2*a.half)
	}
	from, n := int(at), int(length)
	if from < a.half {
		return a.lentAt(from, n, lent, taken)
	}
	e := extent{from, from + a.space.roundUp(n)}
	if from%a.system.page != 0 || e.to > 2*a.half {
		return buffer.Piece{}, fmt.Errorf("%d bytes at %d, which is no part of the worker's half", n, from)
	}
	i, _ := search(a.claims, e.from)
	if i > 0 && a.claims[i-1].to > e.from || i < len(a.claims) && a.claims[i].from < e.to {
		return buffer.Piece{}, fmt.Errorf("%d bytes at %d, of which some belong to an earlier result", n, from)
	}
	if a.closed || a.mem == nil {
		return buffer.Piece{}, fmt.Errorf("%d bytes at %d of a closed arena", n, from)
	}
	a.claims = slices.Insert(a.claims, i, e)
	a.leases++
	return a.piece(e, n, claim), nil
}

// lentAt returns the piece of lent that begins at from, with its first n bytes.
func (a *Arena) lentAt(from, n int, lent, taken []buffer.Piece) (buffer.Piece, error) {
	for _, p := range lent {
		l, ok := p.Memory.(*lease)
		if !ok || l.arena != a || l.at.from != from || l.over {
			continue
		}
		if n > cap(p.Bytes) {
			return buffer.Piece{}, fmt.Errorf("%d bytes at %d, where its argument had room for %d", n, from, cap(p.Bytes))
		}
		for _, t := range taken {
			if t.Memory == p.Memory {
				return buffer.Piece{}, fmt.Errorf("its argument at %d a second time", from)
			}
		}
		return buffer.Piece{Bytes: p.Bytes[:n], Memory: p.Memory}, nil
	}
	return buffer.Piece{}, fmt.Errorf("%d bytes at %d, which are no part of its argument", n, from)
}

// unclaimLocked ends a claim. It returns what must be called afterwards.
func (a *Arena) unclaimLocked(e extent) (tell func()) {
	if i, ok := search(a.claims, e.from); ok {
		a.claims = slices.Delete(a.claims, i, i+1)
	}
	if !a.closed {
		if !a.told {
			a.told, tell = true, a.Tell
		}
		a.freed = append(a.freed, uint64(e.from))
	}
	a.endLocked(e)
	return tell
}

// Freed returns, once, the offsets of claims that have ended, so that the
// worker can be told. One goroutine calls it until it returns nothing.
func (a *Arena) Freed() []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	offsets := a.freed
	a.freed, a.told = nil, len(offsets) > 0
	return offsets
}
