package reuse

import (
	"bytes"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

// forbid undoes AllowFloor, and all that came of it.
func forbid() {
	floor.allowed.Store(false)
	floor.fresh.Store(0)
	empty()
	kept.Lock()
	defer kept.Unlock()
	kept.floor = ""
}

func raised() bool {
	kept.Lock()
	defer kept.Unlock()
	return kept.floor != ""
}

// collections returns how many there are while fresh memory is filled and
// forgotten.
func collections() uint32 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	payload := bytes.Repeat([]byte("x"), 256<<10)
	for range 800 {
		_ = append(Fresh(len(payload)), payload...)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

// With the floor there are far fewer collections.
func TestFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose timer ends with it
		defer forbid()
		forbid()
		without := collections()
		AllowFloor()
		with := collections()
		if !raised() || 2*with > without {
			t.Errorf("%d collections with a floor, raised: %v; %d without", with, raised(), without)
		}
	})
}

// The block is there only while it is needed.
func TestFloorIsLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer forbid()
		forbid()
		AllowFloor()
		Fresh(floorFrom - Least)
		Fresh(Least - 1) // small memory does not count
		if raised() {
			t.Error("raised too early")
		}
		Fresh(Least)
		for range 5 {
			if !raised() {
				t.Error("not raised")
			}
			time.Sleep(Idle - 1)
			Fresh(floorFrom)
		}
		time.Sleep(2*Idle + 2)
		if raised() {
			t.Error("not lowered")
		}
		time.Sleep(10 * Idle)
		Fresh(floorFrom)
		if !raised() {
			t.Error("not raised again")
		}
	})
}

// Nothing is done without permission, or against settings of the program.
func TestFloorIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose timer ends with it
		defer forbid()
		for name, set := range map[string]func() (undo func()){
			"not allowed": func() func() { floor.allowed.Store(false); return func() {} },
			"GOGC": func() func() {
				old := debug.SetGCPercent(200)
				return func() { debug.SetGCPercent(old) }
			},
			"GOGC off": func() func() {
				old := debug.SetGCPercent(-1)
				return func() { debug.SetGCPercent(old) }
			},
			"GOMEMLIMIT": func() func() {
				debug.SetMemoryLimit(1 << 40)
				return func() { debug.SetMemoryLimit(math.MaxInt64) }
			},
		} {
			forbid()
			AllowFloor()
			undo := set()
			Fresh(floorFrom)
			if raised() {
				t.Errorf("%s: raised", name)
			}
			undo()
		}
	})
}
