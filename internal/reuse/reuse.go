// Package reuse keeps the memory of large payloads for the next ones. Touching
// a fresh page costs about twenty times what copying a page costs, so a process
// that gets a fresh buffer for each large payload spends most of its time in
// the system, and in the garbage collector.
//
// What is kept is bounded: at most Buffers buffers, at most Bytes bytes
// together, and none for long that is not used: see Idle. All functions may be
// called from any goroutine.
package reuse

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"
)

const (
	// Buffers is how many buffers are kept at most.
	Buffers = 8
	// Bytes is how many bytes all kept buffers have together at most.
	Bytes = 32 << 20
	// Least is the size of the smallest buffer that is worth keeping. The runtime
	// reuses smaller ones well by itself.
	Least = 16 << 10
	// Idle is how long a buffer is kept without a use: at least once, and at most
	// twice this time, whatever is used beside it.
	Idle = time.Second
)

// kept holds the buffers, in the order in which they were put back.
var kept struct {
	sync.Mutex
	buffers [][]byte
	bytes   int
	old     int    // so many, the first ones, were there at the last look of the timer
	timed   bool   // the timer runs
	floor   string // see floor.go
}

// Get returns an empty slice with room for at least n bytes. Its memory holds
// anything, also bytes of earlier payloads.
func Get(n int) []byte {
	if n < Least {
		return Fresh(n)
	}
	kept.Lock()
	best, size := -1, math.MaxInt
	for i, b := range kept.buffers {
		// A much larger one is left to a larger payload. Of equal ones it is the last:
		// those that are never needed age.
		if c := cap(b); c >= n && c/2 <= n && c <= size {
			best, size = i, c
		}
	}
	if best < 0 {
		kept.Unlock()
		return Fresh(n)
	}
	b := kept.buffers[best]
	take(best)
	kept.Unlock()
	return b
}

// Put takes back a buffer that is no longer used. It is never necessary, and b
// may be any slice that owns its memory, up to its capacity. See also Spoil.
func Put(b []byte) {
	Spoil(b)
	if cap(b) < Least || cap(b) > Bytes {
		return
	}
	kept.Lock()
	defer kept.Unlock()
	for len(kept.buffers) == Buffers || kept.bytes+cap(b) > Bytes {
		take(0)
	}
	kept.buffers = append(kept.buffers, b[:0])
	kept.bytes += cap(b)
	watch()
}

// watch starts the timer, under the lock.
func watch() {
	if !kept.timed {
		kept.timed = true
		time.AfterFunc(Idle, look)
	}
}

// take removes the buffer at index i, under the lock.
func take(i int) {
	kept.bytes -= cap(kept.buffers[i])
	kept.buffers = slices.Delete(kept.buffers, i, i+1)
	if i < kept.old {
		kept.old--
	}
}

// look drops the buffers that nobody has used since the last look.
func look() {
	kept.Lock()
	defer kept.Unlock()
	for kept.old > 0 {
		take(0)
	}
	kept.old = len(kept.buffers)
	lower()
	kept.timed = false
	if kept.old > 0 || kept.floor != "" {
		watch()
	} else if f := returns.Load(); f != nil {
		go (*f)()
	}
}

// Fresh returns an empty slice with room for n bytes, whose memory holds
// anything. Clearing memory that will be overwritten costs about as much as
// overwriting it; strings.Builder is the only public way around it.
func Fresh(n int) []byte {
	if n < 1<<10 {
		return make([]byte, 0, n)
	}
	raise(n)
	return unsafe.Slice(unsafe.StringData(untouched(n)), n)[:0]
}

// untouched returns a string whose memory has room for n bytes and was not
// cleared. Only its first byte is written, so that it has memory.
func untouched(n int) string {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return b.String()
}
