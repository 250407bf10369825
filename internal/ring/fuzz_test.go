package ring_test

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/legion-go/legion/internal/ring"
)

// FuzzHostileMemory lets the input be the peer: it writes any word to any place
// of the memory between operations of a producer and a consumer. Nothing may
// panic, leave the memory, or fail with anything but ErrCorrupt.
func FuzzHostileMemory(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte{3, 0, 0, 0x80, 0, 0, 0, 0, 0x80, 50, 0, 0, 0, 1, 2})
	f.Add([]byte{3, 2, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 4096 {
			return
		}
		p, c, mem := pair(t, small)
		lo := uintptr(unsafe.Pointer(&mem[0]))
		inside := func(b []byte) {
			if len(b) > 0 {
				if at := uintptr(unsafe.Pointer(&b[0])); at < lo || at+uintptr(len(b)) > lo+uintptr(len(mem)) {
					t.Fatalf("slice of %d bytes leaves the memory", len(b))
				}
				if len(b) > small.MaxPayload() || cap(b) != len(b) {
					t.Fatalf("slice of %d bytes, capacity %d", len(b), cap(b))
				}
				b[0]++
				b[len(b)-1]++
			}
		}
		check := func(err error) bool {
			if err != nil && !errors.Is(err, ring.ErrCorrupt) {
				t.Fatal(err)
			}
			return err == nil
		}
		next := func() int {
			if len(in) == 0 {
				return 0
			}
			b := in[0]
			in = in[1:]
			return int(b)
		}
		number := func(n int) (v uint64) {
			for range n {
				v = v<<8 | uint64(next())
			}
			return v
		}
		var slots []ring.Slot
		held, dead := false, false // the consumer has a record; the consumer has failed
		for len(in) > 0 {
			switch next() % 8 {
			case 0: // at most 64 KiB, most of them small
				n := int(number(2)) >> (next() % 16)
				if n > small.MaxPayload() {
					break
				}
				s, ok, err := p.Reserve(n)
				if check(err) && ok {
					p.Announce(s)
					inside(s.Buf)
					slots = append(slots, s)
				}
			case 1:
				if len(slots) > 0 {
					i := next() % len(slots)
					p.Commit(slots[i], number(1))
					slots = append(slots[:i], slots[i+1:]...)
				}
			case 2:
				if !held && !dead {
					r, ok, err := c.Next()
					dead = !check(err)
					held = ok && !dead
					inside(r.Data)
				}
			case 3: // a word of the memory, half of the time one of the header's or of the first cells
				off := int(number(2)) * 8
				if next()%2 == 0 {
					off %= 4096
				}
				if off+8 <= len(mem) {
					*(*uint64)(unsafe.Pointer(&mem[off])) = number(8)
				}
			case 4:
				if held {
					c.Release()
					held = false
				}
			case 5:
				_, err := p.Full(next() * 100)
				check(err)
				c.Publish()
			case 6:
				if !held && !dead {
					_, err := c.Salvage()
					dead = !check(err)
				}
			case 7:
				p.TakeParked()
				c.Ready()
				c.Ended()
				c.Park(1)
			}
		}
	})
}
