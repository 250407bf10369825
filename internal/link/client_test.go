package link_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// buffers are where handlers copy payloads to, without allocating in the long run.
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

// client is what a pool is to a link: it matches answers with calls.
type client struct {
	c     link.Conn
	slots [wire.Slots]struct {
		busy atomic.Bool
		done atomic.Bool
		gen  uint32
		code uint16
		dst  []byte
		ch   chan struct{}
		fin  func() bool
	}
	free   chan uint8
	out    atomic.Int32
	strays atomic.Int64
	ended  <-chan error
}

func newClient(c link.Conn) *client {
	cl := &client{c: c, free: make(chan uint8, wire.Slots)}
	for i := range cl.slots {
		s := &cl.slots[i]
		s.ch = make(chan struct{}, 1)
		s.fin = s.done.Load
		cl.free <- uint8(i)
	}
	cl.ended = serve(c, cl.handle)
	return cl
}

func (cl *client) handle(f link.Frame) error {
	s := &cl.slots[wire.Slot(f.Call)]
	if f.Kind != wire.Response || !s.busy.Load() || wire.Gen(f.Call) != s.gen {
		cl.strays.Add(1)
		return nil
	}
	if f.Owned {
		s.dst = f.Payload
	} else {
		s.dst = append(s.dst[:0], f.Payload...)
	}
	s.code = f.Code
	s.busy.Store(false)
	s.done.Store(true)
	s.ch <- struct{}{}
	return nil
}

// call sends p and appends the answer to dst[:0].
func (cl *client) call(p, dst []byte) ([]byte, error) {
	i := <-cl.free
	defer func() { cl.free <- i }()
	s := &cl.slots[i]
	s.gen = (s.gen + 1) & wire.GenMask
	s.dst = dst
	s.done.Store(false)
	s.busy.Store(true)
	lone := cl.out.Add(1) == 1
	defer cl.out.Add(-1)
	if err := cl.c.Send(wire.Header{Kind: wire.Request, Code: uint16(i), Call: wire.CallID(i, s.gen)}, p); err != nil {
		s.busy.Store(false)
		return nil, err
	}
	if lone {
		cl.c.Poll(s.fin)
	}
	<-s.ch
	return s.dst, nil
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
