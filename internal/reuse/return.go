package reuse

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// returns is called after the last buffer was dropped; nil calls nothing.
var returns atomic.Pointer[func()]

// ReturnToSystem makes this process give dropped buffers back to the system
// when none is left. Otherwise that takes the runtime some minutes, if the
// process does nothing else. It is for workers: it costs a garbage collection
// for each time of rest after large payloads.
func ReturnToSystem() {
	f := returnMemory
	returns.Store(&f)
}

// cheap is the size of the heap up to which a collection is not noticed by a
// call that comes meanwhile.
const cheap = 64 << 20

func returnMemory() {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc <= cheap+Bytes {
		debug.FreeOSMemory()
	}
}
