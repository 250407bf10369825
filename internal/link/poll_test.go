package link

import (
	"errors"
	"io"
	"runtime/debug"
	"testing"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/wire"
)

// polled is a daemon's end whose Serve sleeps, and its peer's side of the ring.
type polled struct {
	*shared
	peer *ring.Producer
}

func newPolled(t *testing.T, handler Handler) *polled {
	t.Helper()
	c, files, err := New(SharedMemory, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); closeAll(files) })
	s := c.(*shared)
	peer, err := ring.NewProducer(s.seg.toDaemon, s.seg.g)
	if err != nil {
		t.Fatal(err)
	}
	s.recv.in.handler = handler
	s.recv.role.Store(roleFree)
	s.recv.ring.Park(parkBell)
	return &polled{s, peer}
}

func (p *polled) send(t *testing.T) {
	t.Helper()
	slot, ok, err := p.peer.Reserve(1)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	p.peer.Commit(slot, wire.Header{Kind: wire.Pong}.Word())
}

// One goroutine at a time receives: a poll takes the role only of a Serve that
// has nothing to do, is not woken meanwhile, and gives the role back.
func TestPollTakesTheRole(t *testing.T) {
	if NoSharedMemory() != nil {
		return
	}
	got := 0
	var p *polled
	p = newPolled(t, func(Frame) error {
		if got++; *p.peer.ParkWord() != 0 || p.recv.role.Load() != roleLent {
			t.Error("the peer would wake Serve, or another could receive")
		}
		return nil
	})
	for role, want := range []int{roleNone: 0, roleHeld: 0, roleSpin: 1, roleFree: 1, roleLent: 0} {
		got = 0
		p.send(t)
		p.recv.role.Store(uint32(role))
		p.recv.ring.Park(parkBell)
		p.Poll(0, func() bool { return got > 0 || want == 0 })
		if after := p.recv.role.Load(); got != want || want == 0 && after != uint32(role) || want == 1 && after != roleFree {
			t.Errorf("role %d: %d frames, and role %d after it", role, got, after)
		}
		if *p.peer.ParkWord() != parkBell {
			t.Errorf("role %d: the peer would not wake Serve", role)
		}
		p.recv.role.Store(roleFree)
		p.Poll(0, func() bool { return got > 0 })
	}
	if debug.SetPanicOnFault(false) {
		t.Error("a fault of this goroutine is still a panic")
	}
}

// A poll that was in vain sends the next ones away, and counts them; one that
// has ended just as its answer came was not in vain.
func TestPollInVain(t *testing.T) {
	if NoSharedMemory() != nil {
		return
	}
	got := 0
	p := newPolled(t, func(Frame) error { got++; return nil })
	looks := 0
	p.Poll(0, func() bool { looks++; return looks > 2 })
	if n := p.recv.pollSkip.Load(); n != 0 {
		t.Errorf("after a success, %d polls are skipped", n)
	}
	looks = 0
	p.Poll(0, func() bool {
		if looks++; looks == 2 { // it comes while the poller looks
			p.send(t)
		}
		return got > 0
	})
	if n := p.recv.pollSkip.Load(); n != 0 || got != 1 {
		t.Errorf("after a success, %d polls are skipped", n)
	}
	got = 0
	p.Poll(0, func() bool { return false })
	p.send(t)
	for skip := int32(4); skip > 0; skip-- {
		if n := p.recv.pollSkip.Load(); n != skip {
			t.Fatalf("%d polls are skipped, not %d", n, skip)
		}
		p.Poll(0, func() bool { return got > 0 })
	}
	if got != 0 {
		t.Error("a poll was not skipped")
	}
	if p.Poll(0, func() bool { return got > 0 }); got != 1 {
		t.Error("polls are skipped for ever")
	}
	if p.Poll(0, func() bool { return true }); p.recv.pollSpin.Budget(0) != ring.SpinBudget {
		t.Error("successes do not count")
	}
}

// A poll ends, whatever comes for others.
func TestPollIsBounded(t *testing.T) {
	if NoSharedMemory() != nil {
		return
	}
	var p *polled
	p = newPolled(t, func(Frame) error { p.send(t); return nil })
	p.send(t)
	p.Poll(0, func() bool { return false })
}

// What a poller leaves behind wakes Serve: a frame, an error,
// the end.
func TestPollWakesServe(t *testing.T) {
	if NoSharedMemory() != nil {
		return
	}
	mine := errors.New("mine")
	for name, want := range map[string]error{"a frame": io.EOF, "an error": mine, "the end": nil} {
		got := 0
		var p *polled
		p = newPolled(t, func(Frame) error {
			if got++; want == mine {
				return mine
			}
			if want == nil {
				p.end.hangUp()
			}
			return nil
		})
		p.send(t)
		if want != nil {
			p.send(t)
		}
		p.Poll(0, func() bool { return got > 0 })
		if err := p.bell.Wait(); err != nil { // a hang if it is not woken
			t.Fatal(err)
		}
		if got != 1 || want == mine && (p.end.err.Load() == nil || *p.end.err.Load() != mine || !p.end.over.Load()) {
			t.Errorf("%s: %d frames", name, got)
		}
	}
}
