package reuse

import (
	"math"
	"runtime/metrics"
	"sync/atomic"
)

// The floor of the heap. The garbage collector runs when the heap has doubled,
// at the earliest at 4 MiB. So a process with little in its heap, which gets
// fresh memory for each large payload, collects after every few calls, and each
// collection costs as much as many calls, however little there is to collect.
// While such payloads come, a block that is never touched makes the heap look
// larger: it takes no memory, and leaves room for as much garbage as it is
// large.
const (
	// floorBytes is the size of the block.
	floorBytes = 16 << 20
	// floorFrom is how many bytes of fresh memory for large payloads within Idle
	// need it.
	floorFrom = 4 << 20
)

var floor struct {
	allowed atomic.Bool
	fresh   atomic.Int64 // bytes since the last look
}

// AllowFloor lets this process have up to 16 MiB more of garbage while it gets
// fresh memory for large payloads, and for one to two seconds after. It has no
// effect while GOGC or GOMEMLIMIT are set: then the program has decided.
func AllowFloor() { floor.allowed.Store(true) }

// raise counts n bytes of fresh memory.
func raise(n int) {
	if n < Least || !floor.allowed.Load() {
		return
	}
	if sum := floor.fresh.Add(int64(n)); sum < floorFrom || sum-int64(n) >= floorFrom {
		return // too little, or another has seen it
	}
	kept.Lock()
	defer kept.Unlock()
	if kept.floor == "" && undecided() {
		kept.floor = untouched(floorBytes)
		watch()
	}
}

// lower drops the block if it was not needed since the last look, under the
// lock of kept.
func lower() {
	if floor.fresh.Swap(0) < floorFrom {
		kept.floor = ""
	}
}

// undecided reports whether the collector runs with its defaults.
func undecided() bool {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() == 100 && s[1].Value.Uint64() == math.MaxInt64
}
