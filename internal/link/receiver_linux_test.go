package link

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// inbox is an end whose peer is the test: it writes the ring, and has the other
// ends of the bells.
type inbox struct {
	*shared
	t           *testing.T
	peer        *ring.Producer
	bell, space *shm.Bell
	got         int          // frames
	running     atomic.Int32 // handlers, as a worker counts them
}

func newInbox(t *testing.T, worker bool) *inbox {
	t.Helper()
	i := &inbox{t: t}
	c, files, err := New(SharedMemory, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := c.(*shared)
	t.Cleanup(func() { d.Close() })
	open := func(files []*os.File) *shm.Bell {
		b, err := shm.OpenBell(files)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	inbound := d.seg.toDaemon
	if i.shared = d; worker {
		w, err := openShared(files, Options{Busy: &i.running})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		i.shared, inbound = w.(*shared), d.seg.toWorker
		i.bell, i.space = d.bell, d.space
	} else {
		files[0].Close()
		i.bell, i.space = open(files[1:3]), open(files[3:])
	}
	if i.peer, err = ring.NewProducer(inbound, i.seg.g); err != nil {
		t.Fatal(err)
	}
	i.recv.in.handler = func(Frame) error { i.got++; return nil }
	i.recv.role.Store(roleHeld)
	return i
}

// put has the peer commit a frame of n bytes.
func (i *inbox) put(n int) {
	i.t.Helper()
	slot, ok, err := i.peer.Reserve(n)
	if !ok || err != nil {
		i.t.Fatal(ok, err)
	}
	kind := wire.Log
	if i.recv.in.worker {
		kind = wire.Ping
	}
	i.peer.Commit(slot, wire.Header{Kind: kind}.Word())
}

// gap has the peer announce a frame that it never commits.
func (i *inbox) gap() {
	slot, _, _ := i.peer.Reserve(10)
	i.peer.Announce(slot)
}

// lie has the peer announce a frame that it never commits, and that is larger
// than there can be.
func (i *inbox) lie() {
	slot, _, _ := i.peer.Reserve(1)
	i.peer.Announce(slot)
	atomic.StoreUint32((*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(slot.Buf)), 4-ring.RecordHeader)), 1<<31)
}

// spoil has the peer commit a record that is none.
func (i *inbox) spoil() {
	slot, _, _ := i.peer.Reserve(1)
	i.peer.Commit(slot, 0)
	atomic.StoreUint32((*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(slot.Buf)), -ring.RecordHeader)), 1<<31|12345)
}

func (i *inbox) parked() uint32 { return atomic.LoadUint32(i.peer.ParkWord()) }

func until(ok func() bool) {
	for !ok() {
		runtime.Gosched()
	}
}

// How a link has ended says what Serve returns, and whether it still delivers
// what is in the ring: of a peer that has gone, not of one that has lied.
func TestHowServeEnds(t *testing.T) {
	mine := errors.New("mine")
	for name, c := range map[string]struct {
		before func(i *inbox)
		want   error
		got    int
	}{
		"closed":                {func(i *inbox) { i.end.close() }, nil, 0},
		"closed and hung up":    {func(i *inbox) { i.end.close(); i.end.hangUp() }, nil, 0},
		"failed":                {func(i *inbox) { i.end.fail(mine) }, mine, 0},
		"failed and hung up":    {func(i *inbox) { i.end.fail(mine); i.end.fail(io.ErrNoProgress); i.end.hangUp() }, mine, 0},
		"hung up":               {func(i *inbox) { i.end.hangUp() }, io.EOF, 3},
		"hung up behind a lie":  {func(i *inbox) { i.lie(); i.end.hangUp() }, ErrCorrupt, 3},
		"hung up with a lie":    {func(i *inbox) { i.spoil(); i.end.hangUp() }, ErrCorrupt, 3},
		"a goodbye":             {func(i *inbox) { i.peer.End() }, io.EOF, 3},
		"a lie":                 {func(i *inbox) { i.spoil() }, ErrCorrupt, 2},
		"an error of a handler": {func(i *inbox) { i.recv.in.handler = func(Frame) error { i.got++; return mine } }, mine, 1},
		"hung up, and an error of a handler": {func(i *inbox) {
			i.recv.in.handler = func(Frame) error { i.got++; return mine }
			i.end.hangUp()
		}, mine, 1},
	} {
		i := newInbox(t, false)
		i.recv.role.Store(roleNone)
		i.put(1)
		i.put(1)
		if c.got != 2 {
			i.gap()
			i.put(1)
		}
		c.before(i)
		if err := i.recv.serve(); !errors.Is(err, c.want) || i.got != c.got {
			t.Errorf("%s: %v after %d frames", name, err, i.got)
		}
		if role := i.recv.role.Load(); role != roleNone {
			t.Errorf("%s: role %d", name, role)
		}
	}
}

// A drain ends at its limit, when it is told to, and at once when the link is
// closed or has failed.
func TestDrainEnds(t *testing.T) {
	i := newInbox(t, false)
	for range 10 {
		i.put(1)
	}
	drain := func(stop func() bool, limit, want int) {
		t.Helper()
		if n, err := i.recv.drain(stop, limit); n != want || err != nil {
			t.Errorf("%d frames, not %d: %v", n, want, err)
		}
	}
	drain(nil, 0, 0)
	drain(nil, 3, 3)
	drain(func() bool { return i.got >= 5 }, 100, 2)
	i.recv.in.handler = func(Frame) error { i.end.hangUp(); return nil }
	drain(nil, 2, 2)
	i.recv.in.handler = func(Frame) error { i.end.close(); return nil }
	drain(nil, 100, 1)
	drain(nil, 100, 0)

	i = newInbox(t, false)
	i.put(1)
	i.spoil()
	if n, err := i.recv.drain(nil, 100); n != 1 || !errors.Is(err, ErrCorrupt) {
		t.Errorf("%d frames before a lie: %v", n, err)
	}
}

// The peer gets its space back, and is woken if it waits for it: at once for
// large payloads, otherwise at the end.
func TestDrainMakesSpace(t *testing.T) {
	i := newInbox(t, false)
	const large = 200_000 // five fit
	for range 5 {
		i.put(large)
	}
	if ok, err := i.peer.Full(large); ok || err != nil {
		t.Fatal(ok, err)
	}
	i.recv.in.handler = func(Frame) error {
		if i.got++; i.got == 5 {
			return i.space.Wait() // a hang if it is not woken before the last
		}
		return nil
	}
	if n, err := i.recv.drain(nil, 100); n != 5 || err != nil {
		t.Fatal(n, err)
	}

	// Of small ones there is no word before the end, if they are few; here the peer
	// begins to wait during the last, which makes half of the ring free.
	i = newInbox(t, false)
	for {
		slot, ok, err := i.peer.Reserve(4 << 10)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		i.peer.Commit(slot, wire.Header{Kind: wire.Log}.Word())
	}
	const half = 63 // of 126 frames of 65 cells
	i.recv.in.handler = func(Frame) (err error) {
		if i.got++; i.got == half {
			_, err = i.peer.Full(4 << 10)
		}
		return err
	}
	if n, err := i.recv.drain(nil, half); n != half || err != nil {
		t.Fatal(n, err)
	}
	if err := i.space.Wait(); err != nil { // a hang if it is not woken
		t.Fatal(err)
	}
	if _, ok, err := i.peer.Reserve(4 << 10); !ok || err != nil {
		t.Error("there is no space: ", err)
	}
}

// A peer that has announced its end, or is gone, and sends on nevertheless,
// keeps Serve for as many frames as fit into the ring.
func TestServeOutlastsALateSender(t *testing.T) {
	i := newInbox(t, false)
	i.recv.in.handler = func(Frame) error {
		if i.got++; i.got < 3*ringCells {
			i.put(0)
		}
		return nil
	}
	i.put(0)
	i.end.hangUp()
	if err := i.recv.serve(); err != io.EOF || i.got != ringCells {
		t.Errorf("%v after %d frames", err, i.got)
	}
}

// Serve returns when no poller receives any more.
func TestServeAwaitsAPoller(t *testing.T) {
	i := newInbox(t, false)
	done := i.attends(func() { _ = i.recv.serve() })
	until(func() bool { return i.recv.role.CompareAndSwap(roleFree, roleLent) })
	i.end.close()
	i.recv.wakeSelf()
	if !still(done) {
		t.Error("it has returned while a poller receives")
	}
	i.recv.role.Store(roleFree)
	if <-done; i.recv.role.Load() != roleNone {
		t.Errorf("role %d", i.recv.role.Load())
	}
}

// The size of the frames that came last says how long a spin is worth it.
func TestSpinsBySize(t *testing.T) {
	i := newInbox(t, false)
	for _, n := range []int{10, 3000, 200} {
		i.put(n)
	}
	if _, err := i.recv.drain(nil, 100); err != nil || i.recv.recent.Load() != 3000 {
		t.Errorf("%v, %d bytes", err, i.recv.recent.Load())
	}
	if _, err := i.recv.drain(nil, 100); err != nil || i.recv.recent.Load() != 3000 {
		t.Errorf("%v, %d bytes after nothing came", err, i.recv.recent.Load())
	}
	for size, want := range map[int]time.Duration{0: 1500, 2000: 1500, 10_000: 5000, 1 << 20: maxExtra} {
		if got := i.recv.forSize(size); got != want {
			t.Errorf("%d bytes: %v", size, got)
		}
	}
}

// Serve gets the role from wherever it is, and from a poller when that gives it
// back.
func TestRegain(t *testing.T) {
	for _, role := range []uint32{roleHeld, roleFree, roleSpin, roleLent} {
		i := newInbox(t, false)
		i.recv.role.Store(role)
		if role == roleLent {
			go func() {
				time.Sleep(time.Millisecond) // either order is right
				i.recv.role.Store(roleFree)
			}()
		}
		if i.recv.regain(); i.recv.role.Load() != roleHeld {
			t.Errorf("role %d becomes %d", role, i.recv.role.Load())
		}
	}
}

// A look ends at a record, at its time, at the end of the link, and when it is
// told to.
func TestLookEnds(t *testing.T) {
	i := newInbox(t, false)
	head := i.recv.ring.Head()
	if i.recv.look(head, time.Microsecond, nil) {
		t.Error("it sees a record")
	}
	if i.recv.look(head, time.Hour, func() bool { return true }) {
		t.Error("it sees a record")
	}
	n := 0
	i.recv.look(head, time.Hour, func() bool {
		if n++; n == 3 {
			i.end.hangUp()
		}
		return n > 3
	})
	if n != 3 {
		t.Errorf("it looks on after the end: %d", n)
	}
	i.put(1)
	if !i.recv.look(head, 0, func() bool { return true }) {
		t.Error("it does not see a record")
	}
}
