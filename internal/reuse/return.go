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

// cheap is how many bytes of small objects may be in the heap for a collection
// to be short. Large ones are mostly payloads, also those that are garbage,
// which a collection does not look into.
const cheap = 64 << 20

func returnMemory() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	small := uint64(0)
	for _, c := range m.BySize { // those of at most about 18 KiB each
		small += uint64(c.Size) * (c.Mallocs - c.Frees)
	}
	if small <= cheap {
		debug.FreeOSMemory()
	}
}
