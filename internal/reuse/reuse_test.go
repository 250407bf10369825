package reuse

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// memory identifies the memory of b.
func memory(b []byte) *byte { return unsafe.SliceData(b[:cap(b)]) }

// empty drops what is kept.
func empty() {
	kept.Lock()
	defer kept.Unlock()
	kept.buffers, kept.bytes, kept.old, kept.timed = nil, 0, 0, false // a timer ends with its bubble
}

func TestMemoryIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer empty()
		b := make([]byte, 100<<10)
		Put(b)
		for _, n := range []int{100<<10 + 1, 50<<10 - 1, Least - 1, 0} {
			got := Get(n)
			if len(got) != 0 || cap(got) < n {
				t.Errorf("%d bytes wanted: %d, room for %d", n, len(got), cap(got))
			}
			if memory(got) == memory(b) {
				t.Errorf("%d bytes in a buffer of %d", n, cap(b))
			}
		}
		Put(make([]byte, 110<<10))
		if got := Get(60 << 10); memory(got) != memory(b) {
			t.Error("not the smallest buffer that has room")
		}
		if got := Get(60 << 10); cap(got) != 110<<10 {
			t.Errorf("a buffer of %d bytes", cap(got))
		}
		if got := Get(60 << 10); cap(got) != 60<<10 {
			t.Errorf("a buffer was given twice: %d bytes", cap(got))
		}
	})
}

func TestKeptIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer empty()
		check := func(buffers, size int) {
			t.Helper()
			kept.Lock()
			defer kept.Unlock()
			sum := 0
			for _, b := range kept.buffers {
				sum += cap(b)
			}
			if len(kept.buffers) != buffers || sum != size || kept.bytes != size {
				t.Errorf("%d buffers of %d bytes, counted as %d; want %d of %d", len(kept.buffers), sum, kept.bytes, buffers, size)
			}
		}
		Put(nil)
		Put(make([]byte, Least-1))
		Put(make([]byte, Bytes+1))
		check(0, 0)
		for range 2 * Buffers {
			Put(make([]byte, Least))
		}
		check(Buffers, Buffers*Least)
		Put(make([]byte, Bytes-Least))
		check(2, Bytes)
		Put(make([]byte, Bytes))
		check(1, Bytes)
	})
}

func TestIdleMemoryIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer empty()
		has := func() bool {
			kept.Lock()
			defer kept.Unlock()
			return len(kept.buffers) > 0
		}
		told, returned := 0, 0
		tell := func() { told++ }
		returns.Store(&tell)
		defer returns.Store(nil)
		for range 3 {
			Put(make([]byte, Least))
			for range 5 { // each use keeps it
				time.Sleep(Idle*3/4 - 1) // never when the timer looks: it would find nothing between Get and Put
				Put(Get(Least))
			}
			time.Sleep(Idle - 1)
			if !has() {
				t.Error("dropped too early")
			}
			time.Sleep(Idle + 2)
			if has() {
				t.Error("kept too long")
			}
			synctest.Wait()
			if returned++; told != returned {
				t.Errorf("memory was returned %d times, not %d", told, returned)
			}
		}
	})
}

// A buffer that nobody uses is dropped although others are in use: one large
// payload costs nothing for as long as small ones come, nor does one moment
// with many payloads.
func TestUnusedMemoryIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer empty()
		used := make([]byte, 2*Least)
		Put(make([]byte, Bytes/2))
		for range Buffers - 2 {
			Put(make([]byte, 2*Least))
		}
		Put(used)
		for range 9 {
			time.Sleep(Idle/4 + 1)
			got := Get(2 * Least)
			if memory(got) != memory(used) {
				t.Fatal("not the one that was used last")
			}
			Put(got)
		}
		kept.Lock()
		defer kept.Unlock()
		if len(kept.buffers) != 1 || kept.bytes != cap(used) {
			t.Errorf("%d buffers of %d bytes are kept", len(kept.buffers), kept.bytes)
		}
	})
}

// A process that returns memory is small again soon after large payloads, also
// if many were under way at the same time.
func TestReturnToSystem(t *testing.T) {
	defer returns.Store(nil)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const payloads = 5
	ReturnToSystem()
	held := func() uint64 { // by the heap, of the system's memory
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapSys - m.HeapReleased
	}
	before := held()
	for range payloads {
		Put(append(Fresh(Bytes), bytes.Repeat([]byte{1}, Bytes)...))
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(Idle / 10) {
		after := held()
		if after < before+payloads*Bytes/4 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the heap holds %d bytes of memory, %d before the payloads", after, before)
		}
	}
}

// It is not worth a long collection.
func TestLargeHeapsAreNotCollected(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	heap := make([]*[1024]byte, cheap/1024)
	for i := range heap {
		heap[i] = new([1024]byte)
	}
	returnMemory()
	runtime.ReadMemStats(&after)
	if after.NumForcedGC != before.NumForcedGC {
		t.Error("it was collected")
	}
	runtime.KeepAlive(heap)
}

func TestBuffersHaveOneUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose timer ends with it
		defer empty()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for range 500 {
					b := append(Get(Least), bytes.Repeat([]byte{byte(i)}, Least)...)
					if bytes.Count(b, []byte{byte(i)}) != Least {
						t.Error("another user writes to it")
					}
					Put(b)
				}
			})
		}
		all.Wait()
		kept.Lock()
		defer kept.Unlock()
		seen := map[*byte]bool{}
		for _, b := range kept.buffers {
			if seen[memory(b)] {
				t.Error("a buffer is kept twice")
			}
			seen[memory(b)] = true
		}
	})
}

func TestSpoil(t *testing.T) {
	old := spoils
	defer func() { spoils = old }()
	for _, on := range []bool{false, true} {
		spoils = func() bool { return on }
		for _, n := range []int{0, 1, 4 << 10, 10_001} {
			b := make([]byte, n, n+3)
			Spoil(b)
			if got := bytes.Count(b[:cap(b)], []byte{Pattern}); on && got != cap(b) || !on && got > 0 {
				t.Errorf("%v: %d of %d bytes overwritten", on, got, cap(b))
			}
		}
	}
	spoils = func() bool { return true }
	b := make([]byte, 100)
	if Put(b); bytes.Count(b, []byte{Pattern}) != len(b) {
		t.Error("memory that is put back is not overwritten")
	}
	if raceEnabled && !old() {
		t.Error("with the race detector, taken-back memory is not overwritten")
	}
}

func TestFresh(t *testing.T) {
	for _, n := range []int{0, 1, 1023, 1024, 100_000} {
		if b := Fresh(n); b == nil || len(b) != 0 || cap(b) != n {
			t.Errorf("%d wanted: %d bytes, room for %d", n, len(b), cap(b))
		}
	}
}

func TestHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer empty()
		var h Hint
		small := make([]byte, 10, 100)
		if got := h.Room(small); len(got) != 0 || memory(got) != memory(small) {
			t.Error("without a hint, it is not the given memory")
		}
		large := make([]byte, 3*Least)
		Put(large)
		if got := h.Note(nil, large); memory(got) != memory(large) {
			t.Error("a large value was moved")
		}
		if got := h.Room(small); len(got) != 0 || memory(got) != memory(large) {
			t.Error("after a large value, it is not kept memory")
		}
		if got := h.Room(large); memory(got) != memory(large) {
			t.Error("given memory that is large enough is not used")
		}
		for _, test := range []struct {
			given []byte
			n     int
			moved bool
		}{{small, 50, true}, {small, 5_000, true}, {nil, 50, true}, {large, 50, false}, {small, Least, false}} {
			empty()
			if memory(test.given) != memory(large) {
				Put(large)
			}
			h.Note(nil, large)
			got := h.Note(test.given, append(h.Room(test.given), bytes.Repeat([]byte("v"), test.n)...))
			if bytes.Count(got, []byte("v")) != test.n || test.moved && cap(got) >= Least {
				t.Errorf("a value of %d bytes has become one of %d in memory of %d", test.n, len(got), cap(got))
			}
			if room := Get(cap(large)); (memory(room) == memory(large)) != test.moved {
				t.Errorf("%d bytes: the memory of the large value is kept: %v", test.n, !test.moved)
			}
			if got := h.Room(small); test.n < Least && memory(got) != memory(small) {
				t.Error("after a small value, the hint still counts")
			}
		}
	})
}
