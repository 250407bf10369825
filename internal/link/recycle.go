package link

import "sync"

// Recycle takes back the payload of a frame that was Owned, when nobody uses it any more, so that a later large
// payload need not be put into fresh memory: having the system provide that costs more than copying the bytes. It is
// never necessary, and b may be any slice. Any goroutine.
func Recycle(b []byte) {
	if cap(b) <= maxPiece/2 || cap(b) > firstGrab {
		return // not worth it, or too much to keep
	}
	r, _ := holders.Get().(*recycled)
	if r == nil {
		r = new(recycled)
	}
	r.b = b[:0]
	recycling.Put(r)
}

type recycled struct{ b []byte }

// recycling holds buffers, holders what they were held in: so recycling itself does not allocate.
var recycling, holders sync.Pool

// buffer returns an empty slice with room for at least n bytes. Its memory may hold anything.
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
