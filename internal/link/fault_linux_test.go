package link

import (
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// protect takes a page of the memory away: an access is a fault, as where the
// system cannot replace a page that a worker has freed. It must be given back.
func (o *outbox) protect(at *byte) (back func()) {
	page := unsafe.Slice(at, page)
	if err := unix.Mprotect(page, unix.PROT_NONE); err != nil {
		o.t.Fatal(err)
	}
	return func() {
		if err := unix.Mprotect(page, unix.PROT_READ|unix.PROT_WRITE); err != nil {
			o.t.Fatal(err)
		}
	}
}

// boundary is the first beginning of a page in b, -1 if there is none.
func boundary(b []byte) int {
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % page)
	if off+page > len(b) {
		return -1
	}
	return off
}

// next is where the payload of the next frame of n bytes will be.
func (o *outbox) next(n int) []byte {
	p := *o.send.ring // a copy, whose positions only the test sees
	slot, ok, err := p.Reserve(n)
	if !ok || err != nil {
		o.t.Fatal(ok, err)
	}
	return slot.Buf
}

// fell checks that a fault has ended the link, and left nothing behind.
func (o *outbox) fell(err error) {
	o.t.Helper()
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "is gone") {
		o.t.Errorf("the error of a fault: %v", err)
	}
	if debug.SetPanicOnFault(false) {
		o.t.Error("a fault of this goroutine is still a panic")
	}
	if why := o.end.err.Load(); why == nil || !errors.Is(*why, ErrCorrupt) {
		o.t.Error("the link goes on")
	}
	if err := o.put(1); !errors.Is(err, ErrClosed) { // a hang if the lock is held
		o.t.Errorf("a send after the fault: %v", err)
	}
	if n := o.gate.n.Load(); n != 0 {
		o.t.Errorf("%d goroutines are said to be inside", n)
	}
}

// A fault while a small frame is copied, with the lock held.
func TestFaultInASmallFrame(t *testing.T) {
	o := newOutbox(t)
	const n = copyLocked - 10
	for boundary(o.next(n)) < 0 {
		if err := o.put(0); err != nil {
			t.Fatal(err)
		}
		o.take()
	}
	b := o.next(n)
	back := o.protect(&b[boundary(b)])
	err := o.put(n)
	back()
	o.fell(err)
	if more, err := o.peer.Salvage(); more || err != nil {
		t.Errorf("a frame that is committed at once was announced: %v, %v", more, err)
	}
}

// A fault while a large frame is copied, without the lock: as after the death
// of a sender, the peer finds what comes after it.
func TestFaultInALargeFrame(t *testing.T) {
	o := newOutbox(t)
	const n = 50_000                 // one frame
	if err := o.put(n); err != nil { // provides the memory
		t.Fatal(err)
	}
	o.take()
	b := o.next(n)
	back := o.protect(&b[boundary(b)+page])
	err := o.put(n)
	back()
	o.fell(err)
	if more, err := o.peer.Salvage(); !more || err != nil {
		t.Errorf("the frame was not announced: %v, %v", more, err)
	}
}

// The same for a sender that had to wait.
func TestFaultAfterAWait(t *testing.T) {
	o := newOutbox(t)
	const n = 60_000 // of 1 MiB
	for range 17 {
		if err := o.put(n); err != nil {
			t.Fatal(err)
		}
	}
	b := unsafe.Slice(&o.seg.toWorker[o.seg.g.BulkAt()], n) // where it will be
	result := make(chan error, 1)
	go func() {
		err := o.put(n)
		if debug.SetPanicOnFault(false) {
			err = errors.New("a fault of the sender is still a panic")
		}
		result <- err
	}()
	for o.starved() == 0 {
		runtime.Gosched()
	}
	back := o.protect(&b[boundary(b)+page])
	read := 0
	for ring := o.peer; ; read++ {
		if _, ok, err := ring.Next(); !ok || err != nil {
			break
		}
		if ring.Release() || ring.Publish() {
			o.space.Ring()
		}
	}
	err := <-result
	back()
	o.fell(err)
	if more, err := o.peer.Salvage(); !more || err != nil || read != 17 {
		t.Errorf("the frame was not announced: %v, %v, after %d others", more, err, read)
	}
}
