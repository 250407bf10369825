package reuse

import (
	"sync/atomic"
	"unsafe"
)

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

// Note remembers encoded, the encoding of a value into the memory that Room
// gave for b, and returns it. A value that is much smaller than the last one
// goes back to b: it may have to wait, and must not hold the memory of a large
// one meanwhile.
func (h *Hint) Note(b, encoded []byte) []byte {
	n := int64(len(encoded))
	if n < Least {
		n = 0
	}
	if h.size.Load() != n { // a store costs more
		h.size.Store(n)
	}
	if cap(encoded) < Least || len(encoded) >= cap(encoded)/4 || unsafe.SliceData(encoded) == unsafe.SliceData(b) {
		return encoded
	}
	b = append(b[:0], encoded...)
	Put(encoded)
	return b
}
