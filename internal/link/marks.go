package link

import (
	"sync/atomic"
	"unsafe"

	"github.com/legion-go/legion/internal/wire"
)

// marks are the started marks: one word per slot, each on its own cache line,
// in memory that both sides write. A word holds the generation of the last call
// that was started or revoked in that slot, and which of the two happened.
// Normally only the worker accesses it.
type marks struct {
	mem []byte // wire.Slots lines
}

const (
	markLine  = 64
	marksSize = wire.Slots * markLine

	started = 1 << 24 // above the 24 bits of the generation
	revoked = 2 << 24

	// revokeTries bounds how long a worker that keeps changing a mark can delay the
	// daemon.
	revokeTries = 8
)

func (m marks) word(call uint32) *uint32 {
	i := int(wire.Slot(call)) * markLine
	return (*uint32)(unsafe.Pointer(&m.mem[i : i+4 : i+4][0]))
}

// begin marks a call as started, unless it was revoked or is not newer than the
// last call of its slot.
func (m marks) begin(call uint32) bool {
	w := m.word(call)
	for {
		old := atomic.LoadUint32(w)
		if old != 0 && !wire.Newer(wire.Gen(call), old&wire.GenMask) {
			return false
		}
		if atomic.CompareAndSwapUint32(w, old, wire.Gen(call)|started) {
			return true
		}
	}
}

// revoke marks a call as revoked, unless it was started. A worker that writes
// false marks harms only its own calls.
func (m marks) revoke(call uint32) bool {
	w := m.word(call)
	for range revokeTries {
		old := atomic.LoadUint32(w)
		if old != 0 && !wire.Newer(wire.Gen(call), old&wire.GenMask) {
			return false
		}
		if atomic.CompareAndSwapUint32(w, old, wire.Gen(call)|revoked) {
			return true
		}
	}
	return false
}
