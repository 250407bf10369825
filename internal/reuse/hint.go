package reuse

import "sync/atomic"

// A Hint remembers how large the last of many similar values was when encoded,
// so that memory for the next one is there before it is encoded. The zero Hint
// is ready to use, by any goroutine.
type Hint struct{ size atomic.Int64 }

// Room returns b empty, or a larger kept buffer if the last value would not fit
// into b.
func (h *Hint) Room(b []byte) []byte {
	if n := int(h.size.Load()); n > cap(b) {
		return Get(n)
	}
	return b[:0]
}

// Note remembers an encoded value.
func (h *Hint) Note(b []byte) {
	n := int64(len(b))
	if n < Least {
		n = 0
	}
	if h.size.Load() != n { // a store costs more
		h.size.Store(n)
	}
}
