package ring_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/ring"
)

var small = ring.Geometry{Cells: ring.MinCells, Bulk: ring.MinBulk * 2}

// memory returns size bytes, aligned as mapped memory is.
func memory(size int) []byte {
	words := make([]uint64, (size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
}

func pair(t testing.TB, g ring.Geometry) (*ring.Producer, *ring.Consumer, []byte) {
	t.Helper()
	mem := memory(g.Size())
	p, err := ring.NewProducer(mem, g)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ring.NewConsumer(mem, g)
	if err != nil {
		t.Fatal(err)
	}
	return p, c, mem
}

func put(t testing.TB, p *ring.Producer, tag uint64, data []byte) bool {
	t.Helper()
	s, ok, err := p.Reserve(len(data))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return false
	}
	copy(s.Buf, data)
	p.Commit(s, tag)
	return true
}

func get(t testing.TB, c *ring.Consumer) (ring.Record, bool) {
	t.Helper()
	r, ok, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	return r, ok
}

// pattern returns n bytes that depend on tag, none of them zero.
func pattern(tag uint64, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(tag+uint64(i)*31) | 1
	}
	return b
}

func TestGeometryIsChecked(t *testing.T) {
	for _, g := range []ring.Geometry{{}, {Cells: 1000, Bulk: 1 << 20}, {Cells: 1024, Bulk: 1<<20 + 64}, {Cells: 512, Bulk: 1 << 20}, {Cells: 1024, Bulk: math.MaxInt32}} {
		if g.Check() == nil {
			t.Errorf("%+v passes", g)
		}
		if _, err := ring.NewProducer(nil, g); err == nil {
			t.Errorf("producer of %+v", g)
		}
	}
	if _, err := ring.NewConsumer(memory(small.Size()-64), small); err == nil {
		t.Error("ring in too little memory")
	}
	if _, err := ring.NewConsumer(memory(small.Size() + 8)[1:], small); err == nil {
		t.Error("ring in memory that is not aligned")
	}
}

func TestEveryLengthArrives(t *testing.T) {
	p, c, _ := pair(t, small)
	lengths := []int{0, 1, 47, 48, 49, 111, 112, 113, ring.BulkMin - 1, ring.BulkMin, ring.BulkMin + 1, small.MaxPayload() - 1, small.MaxPayload()}
	for n := range 300 {
		lengths = append(lengths, n)
	}
	for lap := range 20 { // every length at many positions, and many laps
		for _, n := range lengths {
			tag := uint64(lap*1000 + n)
			if !put(t, p, tag, pattern(tag, n)) {
				t.Fatalf("no space for %d bytes in an empty ring", n)
			}
			r, ok := get(t, c)
			if !ok || r.Tag != tag || !bytes.Equal(r.Data, pattern(tag, n)) {
				t.Fatalf("lap %d, %d bytes: got tag %d with %d bytes, %v", lap, n, r.Tag, len(r.Data), ok)
			}
			c.Release()
			if _, ok := get(t, c); ok {
				t.Fatalf("a record after the last one")
			}
			c.Publish()
		}
	}
	for _, n := range []int{-1, small.MaxPayload() + 1} {
		if _, ok, err := p.Reserve(n); ok || err == nil {
			t.Errorf("a payload of %d bytes was taken", n)
		}
	}
}

// TestRandomlyAgainstAQueue drives the ring from a seed and compares it with a
// slice.
func TestRandomlyAgainstAQueue(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	p, c, _ := pair(t, small)
	type record struct {
		slot      ring.Slot
		n         int
		committed bool
	}
	var queue []record // reserved and not received
	first, next := uint64(0), uint64(0)
	size := func() int {
		switch rng.IntN(4) {
		case 0:
			return rng.IntN(64)
		case 1:
			return rng.IntN(5000)
		case 2:
			return rng.IntN(ring.BulkMin + 100)
		}
		return rng.IntN(small.MaxPayload() + 1)
	}
	for range 200_000 {
		switch rng.IntN(3) {
		case 0:
			n := size()
			s, ok, err := p.Reserve(n)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if len(queue) == 0 {
					t.Fatalf("no space for %d bytes in an empty ring", n)
				}
				break
			}
			p.Announce(s)
			copy(s.Buf, pattern(next, n))
			queue = append(queue, record{slot: s, n: n})
			next++
		case 1: // commit any
			if len(queue) > 0 {
				i := rng.IntN(len(queue))
				if !queue[i].committed {
					p.Commit(queue[i].slot, first+uint64(i))
					queue[i].committed = true
				}
			}
		case 2:
			r, ok := get(t, c)
			if want := len(queue) > 0 && queue[0].committed; ok != want || ok != c.Ready() && ok {
				t.Fatalf("record: %v, want %v", ok, want)
			}
			if !ok {
				c.Publish()
				break
			}
			if r.Tag != first || !bytes.Equal(r.Data, pattern(first, queue[0].n)) {
				t.Fatalf("got record %d with %d bytes, want %d with %d", r.Tag, len(r.Data), first, queue[0].n)
			}
			c.Release()
			queue, first = queue[1:], first+1
		}
	}
}

// TestConcurrently runs producers that share a lock, a consumer, and the
// wake-ups of both directions as channels: a lost wake-up is a deadlock, which
// the test's timeout ends.
func TestConcurrently(t *testing.T) {
	p, c, _ := pair(t, small)
	const producers, each = 4, 20_000
	bell, space := make(chan struct{}, 1), make(chan struct{}, 1)
	ringBell := func(b chan struct{}) {
		select {
		case b <- struct{}{}:
		default:
		}
	}
	var mu sync.Mutex
	for i := range producers {
		go func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for k := range each {
				n := rng.IntN(200)
				if k%64 == 0 {
					n = rng.IntN(small.MaxPayload())
				}
				tag := uint64(i)<<32 | uint64(k)
				data := pattern(tag, n)
				mu.Lock()
				var s ring.Slot
				for {
					var ok bool
					var err error
					if s, ok, err = p.Reserve(n); err != nil {
						t.Error(err)
					}
					if ok {
						break
					}
					if ok, err = p.Full(n); err != nil {
						t.Error(err)
					} else if !ok {
						<-space
					}
				}
				p.Announce(s)
				if k%2 == 0 {
					mu.Unlock()
				}
				copy(s.Buf, data)
				p.Commit(s, tag)
				if p.TakeParked() != 0 {
					ringBell(bell)
				}
				if k%2 != 0 {
					mu.Unlock()
				}
			}
		}()
	}
	var next [producers]uint64
	for got := 0; got < producers*each; {
		r, ok, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if c.Publish() {
				ringBell(space)
			}
			if got%3 == 0 {
				runtime.Gosched()
			}
			c.Park(1)
			if c.Ready() {
				c.Unpark()
				continue
			}
			<-bell
			continue
		}
		i, k := r.Tag>>32, r.Tag&0xffffffff
		if k != next[i] || !bytes.Equal(r.Data, pattern(r.Tag, len(r.Data))) {
			t.Fatalf("producer %d: got record %d, want %d", i, k, next[i])
		}
		next[i]++
		got++
		if c.Release() {
			ringBell(space)
		}
	}
}

func TestSalvage(t *testing.T) {
	p, c, _ := pair(t, small)
	var slots []ring.Slot
	for _, n := range []int{10, 100, 20_000, 5000, 0} {
		s, ok, err := p.Reserve(n)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		p.Announce(s)
		copy(s.Buf, pattern(uint64(n), n))
		slots = append(slots, s)
	}
	for i := 1; i < len(slots); i += 2 { // the producer dies before it commits the others
		p.Commit(slots[i], uint64(len(slots[i].Buf)))
	}
	var got []uint64
	for {
		r, ok := get(t, c)
		if ok {
			if !bytes.Equal(r.Data, pattern(r.Tag, len(r.Data))) {
				t.Errorf("record %d is not what was written", r.Tag)
			}
			got = append(got, r.Tag)
			c.Release()
			continue
		}
		more, err := c.Salvage()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if len(got) != 2 || got[0] != 100 || got[1] != 5000 {
		t.Fatalf("salvaged %v, want [100 5000]", got)
	}
	put(t, p, 7, nil) // it comes between a look at the ring and the salvage
	if more, err := c.Salvage(); !more || err != nil {
		t.Fatalf("a complete record: %v, %v", more, err)
	}
	if r, ok := get(t, c); !ok || r.Tag != 7 {
		t.Fatalf("a complete record was skipped: %v, %v", r.Tag, ok)
	}
}

func TestFullAsksForHalfARing(t *testing.T) {
	p, c, _ := pair(t, small)
	n := 0
	for put(t, p, 0, nil) {
		n++
	}
	if n != small.Cells-1 { // one is kept free
		t.Fatalf("%d records of one cell in %d cells", n, small.Cells)
	}
	if ok, err := p.Full(0); ok || err != nil {
		t.Fatal(ok, err)
	}
	for i := range n {
		if _, ok := get(t, c); !ok {
			t.Fatal("record missing")
		}
		woken := c.Release()
		woken = c.Publish() || woken
		if want := i+1 == small.Cells/2-1; woken != want {
			t.Fatalf("after %d of %d records: wake %v, want %v", i+1, n, woken, want)
		}
	}
	if !put(t, p, 0, nil) {
		t.Fatal("no space in an empty ring")
	}
}

// TestLies lets the peer write impossible values.
func TestLies(t *testing.T) {
	const offHead, offBulk, firstCell = 128, 136, 512
	for _, lie := range []struct {
		name string
		off  int
		word uint64
	}{
		{"head beyond the tail", offHead, 6},
		{"head far beyond", offHead, 1 << 63},
		{"bulk position beyond", offBulk, 64},
		{"bulk position far beyond", offBulk, ^uint64(0)},
	} {
		p, _, mem := pair(t, small)
		for range 5 {
			put(t, p, 1, nil)
		}
		binary.LittleEndian.PutUint64(mem[lie.off:], lie.word)
		if ok, err := p.Full(1); ok || !errors.Is(err, ring.ErrCorrupt) {
			t.Errorf("%s: %v, %v", lie.name, ok, err)
		}
	}
	for _, off := range []int{offHead, offBulk} {
		p, c, mem := pair(t, small)
		for range 3 {
			put(t, p, 1, make([]byte, ring.BulkMin+1))
			get(t, c)
			c.Release()
		}
		if _, err := p.Full(1); err != nil {
			t.Fatal(err)
		}
		mem[off]--
		if ok, err := p.Full(1); ok || !errors.Is(err, ring.ErrCorrupt) {
			t.Errorf("a position that goes back: %v, %v", ok, err)
		}
		for range small.Cells { // until it looks at the positions again
			s, ok, err := p.Reserve(ring.BulkMin)
			if err != nil {
				if ok || s.Buf != nil || !errors.Is(err, ring.ErrCorrupt) {
					t.Errorf("a position that goes back: %v, %v", ok, err)
				}
				break
			}
			if !ok {
				t.Fatal("a position that goes back is not noticed")
			}
			p.Commit(s, 1)
		}
	}
	const good = 1 << 31 // the stamp of cell 0
	for _, lie := range []struct {
		name string
		word uint64
	}{
		{"stamp of another lap", good + 1024},
		{"stamp without its top bit", 1},
		{"record without a size", good},
		{"record larger than any", good | uint64(small.MaxPayload()+2)<<32},
		{"skip at the beginning", good | 0xffffffff<<32},
	} {
		_, c, mem := pair(t, small)
		binary.LittleEndian.PutUint64(mem[firstCell:], lie.word)
		if _, ok, err := c.Next(); ok || !errors.Is(err, ring.ErrCorrupt) {
			t.Errorf("%s: %v, %v", lie.name, ok, err)
		}
	}
	for name, size := range map[string]uint64{"a skip": 0xffffffff, "a record larger than any": uint64(small.MaxPayload() + 2)} {
		_, c, mem := pair(t, small)
		binary.LittleEndian.PutUint64(mem[firstCell:], size<<32)
		if ok, err := c.Salvage(); ok || !errors.Is(err, ring.ErrCorrupt) {
			t.Errorf("%s without a stamp: %v, %v", name, ok, err)
		}
	}
	p, c, mem := pair(t, small)
	for i := range small.Cells - 1 {
		put(t, p, 0, nil)
		get(t, c)
		c.Release()
		_ = i
	}
	last := uint64(small.Cells - 1)
	binary.LittleEndian.PutUint64(mem[firstCell+last*ring.Cell:], good|last|50<<32) // 49 bytes: two cells
	if _, _, err := c.Next(); !errors.Is(err, ring.ErrCorrupt) {
		t.Errorf("record that wraps: %v", err)
	}
}

func TestNothingAllocates(t *testing.T) {
	p, c, _ := pair(t, small)
	data := make([]byte, 100)
	if n := testing.AllocsPerRun(1000, func() {
		put(t, p, 1, data)
		get(t, c)
		c.Release()
		c.Publish()
	}); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
}

func TestSpinnerBacksOff(t *testing.T) {
	var s ring.Spinner
	straight := func() (n int) { // counts waits until the next one that spins
		for s.Budget(0) == 0 {
			n++
		}
		return n
	}
	if s.Budget(0) != ring.SpinBudget || s.Budget(time.Second) != ring.SpinBudget+time.Second {
		t.Fatalf("first budget %v, with a second more %v", s.Budget(0), s.Budget(time.Second))
	}
	for _, want := range []int{4, 8, 16, 32, 64, 128, 256, 256} {
		s.Miss()
		if n := straight(); n != want {
			t.Fatalf("%d waits without spinning, want %d", n, want)
		}
		if s.Budget(0) != 4*ring.SpinBudget {
			t.Fatalf("a probe spins for %v", s.Budget(0))
		}
		if got := s.Budget(time.Millisecond); got != 4*ring.SpinBudget+time.Millisecond {
			t.Fatalf("a probe for a large record spins for %v", got)
		}
	}
	s.Miss()
	if n, again := s.Skips(), s.Skips(); n != 256 || again != 0 || s.Budget(0) == 0 {
		t.Fatalf("%d waits were taken from the spinner, then %d", n, again)
	}
	for range 5 {
		s.Hit()
	}
	if s.Budget(0) != ring.SpinBudget {
		t.Fatalf("after successes: %v", s.Budget(0))
	}
}
