package link_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// buffers are reusable memory into which handlers copy payloads.
type buffers struct{ p sync.Pool }

func newBuffers() *buffers { return &buffers{sync.Pool{New: func() any { return new([]byte) }}} }

func (b *buffers) get(f link.Frame) *[]byte {
	p := b.p.Get().(*[]byte)
	if f.Owned {
		*p = f.Payload
	} else {
		*p = append((*p)[:0], f.Payload...)
	}
	return p
}

func (b *buffers) put(p *[]byte) { b.p.Put(p) }

// client takes the role of a pool: it matches answers with calls. It costs as
// little as possible, so that benchmarks measure the link.
type client struct {
	c      link.Conn
	mu     sync.Mutex // for free
	free   []uint8
	slots  [wire.Slots]slot
	out    atomic.Int32
	strays atomic.Int64
	ended  <-chan error
}

type slot struct {
	state atomic.Uint32
	gen   uint32
	code  uint16
	dst   []byte
	ch    chan struct{}
	fin   func() bool
	_     [64]byte
}

// The states of a slot.
const (
	slotFree = iota
	slotSent
	slotParked // sent, and the caller sleeps on ch
	slotDone
)

func newClient(c link.Conn) *client {
	cl := &client{c: c}
	for i := range cl.slots {
		s := &cl.slots[i]
		s.ch = make(chan struct{}, 1)
		s.fin = func() bool { return s.state.Load() == slotDone }
		cl.free = append(cl.free, uint8(i))
	}
	cl.ended = serve(c, cl.handle)
	return cl
}

func (cl *client) handle(f link.Frame) error {
	s := &cl.slots[wire.Slot(f.Call)]
	if st := s.state.Load(); f.Kind != wire.Response || st != slotSent && st != slotParked || wire.Gen(f.Call) != s.gen {
		cl.strays.Add(1)
		return nil
	}
	if f.Owned {
		s.dst = f.Payload
	} else {
		s.dst = append(s.dst[:0], f.Payload...)
	}
	s.code = f.Code
	if s.state.Swap(slotDone) == slotParked {
		s.ch <- struct{}{}
	}
	return nil
}

// call sends p and returns the answer, in dst if there is room. At most
// wire.Slots callers at a time.
func (cl *client) call(p, dst []byte) ([]byte, error) {
	cl.mu.Lock()
	i := cl.free[len(cl.free)-1]
	cl.free = cl.free[:len(cl.free)-1]
	cl.mu.Unlock()
	s := &cl.slots[i]
	s.gen = (s.gen + 1) & wire.GenMask
	s.dst = dst
	s.state.Store(slotSent)
	lone := cl.out.Add(1) == 1
	err := cl.c.Send(wire.Header{Kind: wire.Request, Code: uint16(i), Call: wire.CallID(i, s.gen)}, p)
	if err == nil {
		if lone {
			cl.c.Poll(0, s.fin)
		}
		if s.state.Load() != slotDone && s.state.CompareAndSwap(slotSent, slotParked) {
			<-s.ch
		}
		dst = s.dst
	}
	s.state.Store(slotFree)
	cl.out.Add(-1)
	cl.mu.Lock()
	cl.free = append(cl.free, i)
	cl.mu.Unlock()
	return dst, err
}

func mustCall(t testing.TB, cl *client, p []byte) {
	t.Helper()
	got, err := cl.call(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(p) {
		t.Fatalf("echo of %d bytes has %d and differs", len(p), len(got))
	}
}
