package link

import "sync"

// Recycle takes back the payload of an Owned frame that is no longer used, so
// that a later large payload does not need fresh memory: getting that from the
// system costs more than copying the bytes. It is never necessary, and b may be
// any slice. Any goroutine may call it.
func Recycle(b []byte) {
	if cap(b) <= maxPiece/2 || cap(b) > firstGrab {
		return // too small to be worth it, or too large to keep
	}
	r, _ := holders.Get().(*recycled)
	if r == nil {
		r = new(recycled)
	}
	r.b = b[:0]
	recycling.Put(r)
}

type recycled struct{ b []byte }

// recycling holds buffers in holders, and holders holds the empty ones: so
// recycling itself does not allocate.
var recycling, holders sync.Pool

// buffer returns an empty slice with room for at least n bytes. Its memory is
// not cleared.
func buffer(n int) []byte {
	if r, _ := recycling.Get().(*recycled); r != nil {
		b := r.b
		r.b = nil
		holders.Put(r)
		if cap(b) >= n && cap(b)/4 <= n {
			return b
		}
	}
	return make([]byte, 0, n)
}
