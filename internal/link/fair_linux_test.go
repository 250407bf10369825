package link_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// TestSendersAreServedInOrder fills the ring and then lets senders come one
// after the other, small ones behind large ones: no sender may overtake
// another.
func TestSendersAreServedInOrder(t *testing.T) {
	const senders = 50
	d, w := pair(t, link.SharedMemory, link.Options{Buffer: 64 << 10})
	filled := uint32(0)
	stuck := make(chan error, 1)
	var full atomic.Bool
	go func() {
		for !full.Load() {
			if err := d.Send(wire.Header{Kind: wire.Request, Call: 1 << 20}, make([]byte, 16_000)); err != nil {
				stuck <- err
				return
			}
		}
		stuck <- nil
	}()
	mustWait := func(n int) {
		for end := time.Now().Add(guard); link.Waiting(d) < n; runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("%d senders wait, not %d", link.Waiting(d), n)
			}
		}
	}
	mustWait(1)
	full.Store(true)
	for i := range uint32(senders) {
		go d.Send(wire.Header{Kind: wire.Request, Call: i}, make([]byte, 16_000*(1-i%2)))
		mustWait(int(i) + 2)
	}
	got := make(chan uint32, senders)
	serve(w, func(f link.Frame) error {
		if f.Call < 1<<20 {
			got <- f.Call
		} else {
			filled++
		}
		return nil
	})
	for i := range uint32(senders) {
		if n := await(t, "frame", got); n != i {
			t.Fatalf("sender %d before sender %d", n, i)
		}
	}
	if err := await(t, "first sender", stuck); err != nil {
		t.Error(err)
	}
}

// TestPayloadFillsTheBuffer sends a payload as large as the buffer, which
// nobody reads: its pieces fit without a gap.
func TestPayloadFillsTheBuffer(t *testing.T) {
	for _, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20} {
		d, _ := pair(t, link.SharedMemory, link.Options{Buffer: size})
		sent := make(chan error, 1)
		go func() { sent <- d.Send(wire.Header{Kind: wire.Request, Call: 1}, make([]byte, size)) }()
		if err := await(t, "sender of a payload", sent); err != nil {
			t.Error(err)
		}
	}
}
