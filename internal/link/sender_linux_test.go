package link

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// outbox is a daemon's end whose peer is the test: it reads the ring, and has
// the other ends of the bells.
type outbox struct {
	*shared
	t           *testing.T
	peer        *ring.Consumer
	bell, space *shm.Bell
}

func newOutbox(t *testing.T) *outbox {
	t.Helper()
	c, files, err := New(SharedMemory, Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &outbox{shared: c.(*shared), t: t}
	open := func(files []*os.File) *shm.Bell {
		b, err := shm.OpenBell(files)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	files[0].Close()
	o.bell, o.space = open(files[1:3]), open(files[3:])
	if o.peer, err = ring.NewConsumer(o.seg.toWorker, o.seg.g); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func (o *outbox) put(n int) error {
	return o.Send(wire.Header{Kind: wire.Request, Call: wire.CallID(1, 1)}, make([]byte, n))
}

// take has the peer read one frame.
func (o *outbox) take() {
	o.t.Helper()
	if _, ok, err := o.peer.Next(); !ok || err != nil {
		o.t.Fatalf("no frame: %v", err)
	}
	o.peer.Release()
	o.peer.Publish()
}

// fill reserves all cells of the ring.
func (o *outbox) fill() {
	for _, n := range []int{4 << 10, 0} {
		for ok := true; ok; {
			var err error
			if _, ok, err = o.send.ring.Reserve(n); err != nil {
				o.t.Fatal(err)
			}
		}
	}
}

// lie has the peer say that it has read more than there was.
func (o *outbox) lie() {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&o.seg.toWorker[128])), 1<<40)
}

// waits starts senders, which wait in the order of their numbers, and returns
// where their errors come.
func (o *outbox) waits(n int) []chan error {
	all := make([]chan error, n)
	for i := range all {
		all[i] = make(chan error, 1)
		go func() { all[i] <- o.put(0) }()
		for Waiting(o.shared) <= i {
			runtime.Gosched()
		}
	}
	for o.starved() == 0 { // the leader sleeps, or is about to
		runtime.Gosched()
	}
	return all
}

func (o *outbox) starved() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&o.seg.toWorker[256])))
}

// A peer that lies about what it has read ends the link, for senders that wait
// as well as for the one that notices.
func TestLyingConsumer(t *testing.T) {
	o := newOutbox(t)
	o.fill()
	o.lie()
	for range 2 {
		if err := o.put(0); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v", err)
		}
	}
	if !errors.Is(o.send.err, ring.ErrCorrupt) || o.end.err.Load() == nil {
		t.Errorf("sends end with %v", o.send.err)
	}

	o = newOutbox(t)
	o.fill()
	all := o.waits(3)
	o.lie()
	o.space.Ring()
	for i, c := range all {
		if err := <-c; !errors.Is(err, ErrCorrupt) {
			t.Errorf("sender %d: %v", i, err)
		}
	}
	if err := o.put(0); err == nil || Waiting(o.shared) != 0 {
		t.Errorf("%v, %d wait", err, Waiting(o.shared))
	}
}

// A sender that finds no space, and the peer makes some before it asks to be
// woken, does not sleep: nobody would wake it.
func TestSpaceThatComesBeforeItIsAskedFor(t *testing.T) {
	o := newOutbox(t)
	o.send.mu.Lock()
	err := o.send.awaitSpaceLocked(0) // a hang if it sleeps
	o.send.mu.Unlock()
	if err != nil || o.starved() == 0 {
		t.Errorf("%v; the peer was asked: %d", err, o.starved())
	}
}

// A peer that has closed its end makes no space any more.
func TestSpaceOfAPeerThatIsGone(t *testing.T) {
	o := newOutbox(t)
	o.fill()
	all := o.waits(3)
	o.space.Close()
	for i, c := range all {
		if err := <-c; !errors.Is(err, ErrClosed) {
			t.Errorf("sender %d: %v", i, err)
		}
	}
	if Waiting(o.shared) != 0 {
		t.Errorf("%d wait", Waiting(o.shared))
	}
}

// crowd puts waiters for so many bytes each into the queue.
func (o *outbox) crowd(sizes ...int) (all []*waiter) {
	s := &o.send
	for i, n := range sizes {
		w := &waiter{n: n, turn: make(chan struct{}, 1)}
		all = append(all, w)
		if i == 0 {
			s.queue.first = w
		} else {
			s.queue.last.next = w
		}
		s.queue.last = w
	}
	return all
}

func (o *outbox) handOver() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	o.send.mu.Lock()
	defer o.send.mu.Unlock()
	o.send.handOverLocked()
}

// told reports whether a waiter was told to go on.
func told(w *waiter) bool { return len(w.turn) == 1 }

// A leader that goes gives those behind it their slots, announced and inside
// the gate, as far as there is space; the next one leads.
func TestSlotsAreHandedOver(t *testing.T) {
	o := newOutbox(t)
	all := o.crowd(10, 300, 262_144, 262_144, 262_144, 262_144, 10)
	o.handOver()
	for i, w := range all {
		fits, next := i < 6, i == 6
		if i == 6 {
			fits, next = true, false // it needs no bulk memory
		}
		if told(w) != fits || w.leads != next || fits && (len(w.slot.Buf) != w.n || w.err != nil) {
			t.Errorf("waiter %d: told %v, leads %v, %d bytes, %v", i, told(w), w.leads, len(w.slot.Buf), w.err)
		}
	}
	if n := o.gate.n.Load(); n != 7 || o.send.waiting() {
		t.Errorf("%d are inside, one waits: %v", n, o.send.waiting())
	}
	for range all {
		if more, err := o.peer.Salvage(); !more || err != nil {
			t.Errorf("a slot was not announced: %v", err)
		}
		o.gate.leave()
	}

	all = o.crowd(262_144, 10)
	for range 4 {
		if _, ok, err := o.send.ring.Reserve(10); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	o.handOver()
	if !told(all[0]) || !all[0].leads || all[0].slot.Buf != nil || told(all[1]) || o.send.queue.first != all[0] || o.gate.n.Load() != 0 {
		t.Errorf("of two, of whom the first does not fit: %+v, %+v", all[0], all[1])
	}
	o.send.queue = waiters{}
}

// A lie or a fault that a leader finds as it goes ends the waits behind it, and
// leaves it its slot.
func TestHandOverThatFails(t *testing.T) {
	o := newOutbox(t)
	o.fill()
	o.lie()
	all := o.crowd(10, 20)
	o.handOver()
	for i, w := range all {
		if !told(w) || w.leads || !errors.Is(w.err, ring.ErrCorrupt) {
			t.Errorf("waiter %d: told %v, leads %v, %v", i, told(w), w.leads, w.err)
		}
	}
	if !errors.Is(o.send.err, ring.ErrCorrupt) || o.send.waiting() || o.gate.n.Load() != 0 {
		t.Errorf("%v, %v, %d inside", o.send.err, o.send.waiting(), o.gate.n.Load())
	}

	o = newOutbox(t)
	header := func() uintptr { return uintptr(unsafe.Pointer(&o.next(100)[0])) - ring.RecordHeader }
	for header()%page != page-ring.Cell { // the record after it begins in the next page
		if _, ok, err := o.send.ring.Reserve(0); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	at := header() + ring.Cell - uintptr(unsafe.Pointer(&o.seg.mem[0]))
	all = o.crowd(100, 10)
	back := o.protect(&o.seg.mem[at])
	o.handOver()
	back()
	for i, w := range all {
		if !told(w) || w.leads || !errors.Is(w.err, ring.ErrCorrupt) || !strings.Contains(w.err.Error(), "is gone") {
			t.Errorf("waiter %d: told %v, leads %v, %v", i, told(w), w.leads, w.err)
		}
	}
	if o.send.err == nil || o.send.waiting() {
		t.Errorf("%v, %v", o.send.err, o.send.waiting())
	}
}

// Who fails a link does so once, and its leader looks itself.
func TestWaitsFailOnce(t *testing.T) {
	o := newOutbox(t)
	all := o.crowd(1, 2, 3)
	all[0].leads = true
	first := errors.New("first")
	o.send.fail(first)
	o.send.fail(ErrClosed)
	if told(all[0]) || all[0].err != nil || !told(all[1]) || !told(all[2]) || all[1].err != first || all[2].err != first || o.send.err != first || o.send.queue != (waiters{}) {
		t.Errorf("%+v %+v %+v; %v", all[0], all[1], all[2], o.send.err)
	}
	if err := o.send.space.Wait(); err != nil { // a hang if a sleeping leader is not woken
		t.Error(err)
	}
}

// A frame wakes a peer that sleeps, whether it is small, large, or had to wait.
func TestFramesWakeThePeer(t *testing.T) {
	for name, size := range map[string]int{"small": 10, "large": 50_000, "after a wait": 10} {
		o := newOutbox(t)
		if err := o.put(size); err != nil {
			t.Fatal(err)
		}
		o.take()
		o.peer.Park(parkBell)
		if name == "after a wait" {
			all := o.crowd(1) // somebody is before it
			all[0].leads = true
			sent := make(chan error, 1)
			go func() { sent <- o.put(size) }()
			for Waiting(o.shared) < 2 {
				runtime.Gosched()
			}
			o.send.mu.Lock()
			o.send.queue.first = o.send.queue.first.next
			o.send.handOverLocked()
			o.send.mu.Unlock()
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		} else if err := o.put(size); err != nil {
			t.Fatal(err)
		}
		if err := o.bell.Wait(); err != nil { // a hang if the bell is not rung
			t.Fatal(err)
		}
		if *o.peer.ParkWord() != 0 || !o.peer.Ready() || o.gate.n.Load() != 0 {
			t.Errorf("%s: the peer is told that it sleeps, or %d are inside", name, o.gate.n.Load())
		}
	}
}

// The memory for large payloads is provided at the first, and only for them; if
// the system has none, that send fails, and the next one asks again.
func TestMemoryForLargePayloads(t *testing.T) {
	o := newOutbox(t)
	asked, refusal := 0, errors.New("no memory")
	provide := o.send.allocate
	o.send.allocate = func() error {
		if asked++; refusal != nil {
			return refusal
		}
		return provide()
	}
	const large = ring.BulkMin + 1
	if err := o.send.carry(0, prefix{}, make([]byte, ring.BulkMin)); err != nil || asked != 0 {
		t.Errorf("%v; asked %d times for a payload that needs none", err, asked)
	}
	if err := o.put(large); !errors.Is(err, refusal) || asked != 1 || errors.Is(err, ErrCorrupt) || o.end.over.Load() {
		t.Errorf("%v; asked %d times, and the link has ended: %v", err, asked, o.end.over.Load())
	}
	refusal = nil
	for range 2 {
		if err := o.put(large); err != nil || asked != 2 {
			t.Errorf("%v; asked %d times", err, asked)
		}
	}
	for range 3 {
		o.take()
	}
	o = newOutbox(t)
	o.send.allocate = func() error { t.Error("memory is provided for a link that has ended"); return nil }
	o.send.fail(ErrClosed)
	if err := o.put(large); err != ErrClosed {
		t.Error(err)
	}
}

// A sender that goes on without the lock keeps the memory and the bells from
// being freed by Close. It is stopped there by a panic, which is not the
// link's: its payload cannot be read, or there is no bell.
func TestSendersStayInside(t *testing.T) {
	unreadable, err := unix.Mmap(-1, 0, 50_000, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(unreadable)
	for name, send := range map[string]func(o *outbox){
		"while it copies": func(o *outbox) { _ = o.send.carry(0, prefix{}, unreadable) },
		"while it wakes the peer": func(o *outbox) {
			o.peer.Park(parkBell)
			o.send.bell = nil
			_ = o.put(10)
		},
	} {
		o := newOutbox(t)
		func() {
			before := debug.SetPanicOnFault(false)
			defer debug.SetPanicOnFault(before)
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it did not panic", name)
				}
			}()
			send(o)
		}()
		if n := o.gate.n.Load(); n != 1 || !o.send.mu.TryLock() {
			t.Errorf("%s: %d are inside, or the lock is held", name, n)
			continue
		}
		o.send.mu.Unlock()
		o.Close()
		if o.seg.toWorker[280] != 1 { // a fault if the memory is gone
			t.Errorf("%s: the peer is not told the end", name)
		}
		o.gate.leave()
	}
}
