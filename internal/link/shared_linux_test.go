package link

import (
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// A worker counts as busy while handlers run, and while a sender waits: then it
// must not sleep on its futex.
func TestWhenAWorkerIsBusy(t *testing.T) {
	var running atomic.Int32
	for _, c := range []struct {
		counter *atomic.Int32
		running int32
		waits   bool
		want    bool
	}{{nil, 0, false, false}, {nil, 0, true, true}, {&running, 0, false, false}, {&running, 1, false, true}, {&running, 0, true, true}} {
		conn, files, err := New(SharedMemory, Options{Busy: c.counter})
		if err != nil {
			t.Fatal(err)
		}
		o := &outbox{shared: conn.(*shared), t: t}
		running.Store(c.running)
		if c.waits {
			o.crowd(1)
		}
		if got := o.recv.busy(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		o.send.queue = waiters{}
		o.Close()
		closeAll(files)
	}
}

// Whatever is done with a link, nobody stays inside it; and nobody enters one
// that is closed.
func TestNobodyStaysInside(t *testing.T) {
	o := newOutbox(t)
	if o.send.allocate == nil {
		t.Error("the memory for large payloads is not provided at the first")
	}
	do := func() {
		o.Begin(wire.CallID(1, 1))
		o.Revoke(wire.CallID(1, 1))
		o.Poll(0, func() bool { return true })
		o.Hangup()
	}
	do()
	if n := o.gate.n.Load(); n != 0 {
		t.Errorf("%d are inside", n)
	}
	o.Close()
	const freed = shut + shut/2
	if n := o.gate.n.Load(); n != freed {
		t.Errorf("it is not freed: %x", n)
	}
	o.recv.role.Store(roleFree) // a poller would take it, and look at memory that is gone
	do()
	o.Close()
	if n := o.gate.n.Load(); n != freed || o.recv.role.Load() != roleFree {
		t.Errorf("somebody has entered a closed link: %x, role %d", n, o.recv.role.Load())
	}
	if o.Begin(wire.CallID(2, 1)) || o.Revoke(wire.CallID(2, 1)) {
		t.Error("a closed link has marks")
	}
}

// On the worker's end only Serve receives.
func TestWorkersDoNotPoll(t *testing.T) {
	o := newOutbox(t)
	o.recv.in.worker = true
	o.recv.role.Store(roleFree)
	o.Poll(0, func() bool { t.Error("it polls"); return true })
}

// A geometry that is no ring's: what was to become a link is closed.
func TestRingThatCannotBe(t *testing.T) {
	conn, files, err := New(SharedMemory, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	mem, err := shm.Map(files[0])
	if err != nil {
		t.Fatal(err)
	}
	closeAll(files)
	var bells [2]*shm.Bell
	for i := range bells {
		bell, theirs, err := shm.Bells()
		if err != nil {
			t.Fatal(err)
		}
		closeAll(theirs)
		bells[i] = bell
	}
	seg := cutSegment(mem, conn.(*shared).seg.g)
	seg.g = ring.Geometry{Cells: 3}
	if _, err := makeShared(seg, bells[0], bells[1], Options{}, false); err == nil {
		t.Error("it was made")
	}
	if err := unix.Msync(mem, unix.MS_ASYNC); err != unix.ENOMEM {
		t.Errorf("its memory is still mapped: %v", err)
	}
	for i, b := range bells {
		if b.Close() == nil {
			t.Errorf("bell %d was left open", i)
		}
	}
}
