package link

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// shared is one end of a link over shared memory.
//
// The last goroutine inside after Close unmaps the memory and closes the bells:
// the gate counts Serve and goroutines that poll, mark, write or wake.
type shared struct {
	end   ending
	gate  gate
	seg   segment
	at    region
	bell  *shm.Bell
	space *shm.Bell
	split splitter
	max   int64
	send  sender
	recv  receiver

	serving atomic.Bool
	closing atomic.Bool
}

func newShared(o Options) (Conn, []*os.File, error) {
	g, meters := geometry(o.Buffer), pages(o.Meters)
	mem, file, err := shm.Create("legion", metersAt(g)+meters, allocatedFirst(g)...)
	if err != nil {
		return nil, nil, fmt.Errorf("new link: %w", err)
	}
	describe(mem, g, meters)
	files := []*os.File{file}
	var bells [2]*shm.Bell
	for i := range bells {
		bell, theirs, err := shm.Bells()
		if err != nil {
			if i > 0 {
				bells[0].Close()
			}
			closeAll(files)
			shm.Unmap(mem)
			return nil, nil, fmt.Errorf("new link: %w", err)
		}
		bells[i] = bell
		files = append(files, theirs...)
	}
	c, err := makeShared(cutSegment(mem, g), bells[0], bells[1], o, false)
	if err != nil {
		closeAll(files)
		return nil, nil, fmt.Errorf("new link: %w", err)
	}
	return c, files, nil
}

func openShared(files []*os.File, o Options) (Conn, error) {
	const want = 1 + 2*shm.BellFiles
	if len(files) != want {
		closeAll(files)
		return nil, fmt.Errorf("open link: %d inherited files, want %d", len(files), want)
	}
	mem, err := shm.Map(files[0])
	files[0].Close()
	if err != nil {
		closeAll(files[1:])
		return nil, fmt.Errorf("open link: %w", err)
	}
	g, err := described(mem)
	if err != nil {
		closeAll(files[1:])
		shm.Unmap(mem)
		return nil, fmt.Errorf("open link: %w", err)
	}
	bell, err := shm.OpenBell(files[1:3])
	if err != nil {
		closeAll(files[3:])
		shm.Unmap(mem)
		return nil, fmt.Errorf("open link: %w", err)
	}
	space, err := shm.OpenBell(files[3:])
	if err != nil {
		bell.Close()
		shm.Unmap(mem)
		return nil, fmt.Errorf("open link: %w", err)
	}
	return makeShared(cutSegment(mem, g), bell, space, o, true)
}

// makeShared takes ownership of the mapping and the bells, also when it fails.
func makeShared(seg segment, bell, space *shm.Bell, o Options, worker bool) (*shared, error) {
	out, in := seg.toWorker, seg.toDaemon
	if worker {
		out, in = in, out
	}
	p, err := ring.NewProducer(out, seg.g)
	var c *ring.Consumer
	if err == nil {
		c, err = ring.NewConsumer(in, seg.g)
	}
	if err != nil {
		bell.Close()
		space.Close()
		shm.Unmap(seg.mem)
		return nil, err
	}
	s := &shared{seg: seg, at: regionOf(seg.mem), bell: bell, space: space, max: o.MaxPayload}
	s.split = newSplitter(seg.g.MaxPayload())
	s.gate.free = s.free
	s.send = sender{ring: p, bell: bell, space: space, gate: &s.gate, memory: s.at}
	s.send.allocate = func() error { return shm.Populate(out[seg.g.BulkAt():seg.g.Size()]) }
	s.recv = receiver{ring: c, bell: bell, space: space, end: &s.end, memory: s.at}
	s.recv.in = inbound{worker: worker, max: o.MaxPayload, memory: &s.at}
	s.recv.busy = func() bool {
		return o.Busy != nil && o.Busy.Load() > 0 || s.send.waiting()
	}
	return s, nil
}

// free runs once, when no goroutine is inside and none can enter. The worker
// keeps its meters.
func (c *shared) free() {
	c.bell.Close()
	c.space.Close()
	mem := c.seg.mem
	if c.recv.in.worker {
		mem = mem[:len(mem)-len(c.seg.meters)]
	}
	shm.Unmap(mem)
}

func (c *shared) Send(h wire.Header, payload []byte) error {
	if err := checkSize(len(payload), h.Kind.MaxPayload(c.max)); err != nil {
		return err
	}
	h.Flags &^= wire.LinkFlags
	var err error
	if len(payload) > c.split.whole {
		err = c.split.send(&c.send, h, payload)
	} else {
		var p prefix
		p.timeout(&h)
		err = c.send.carry(h.Word(), p, payload)
	}
	if err != nil && errors.Is(err, ring.ErrCorrupt) {
		err = c.broken(err)
	}
	return err
}

// broken ends the link because of an error that a sender has found.
func (c *shared) broken(err error) error {
	err = corrupt("%w", err)
	c.stop(func() { c.end.fail(err) })
	return err
}

// stop ends the waits of this end, for the reason that set records, if the end
// still exists.
func (c *shared) stop(set func()) {
	if !c.gate.enter() {
		return
	}
	defer c.gate.leave()
	set()
	c.send.fail(ErrClosed)
	c.recv.wakeSelf()
}

func (c *shared) Serve(h Handler, lend Lend) error {
	if c.serving.Swap(true) {
		return errors.New("serve a link: already served")
	}
	if !c.gate.enter() {
		return nil
	}
	defer c.gate.leave()
	c.recv.in.handler, c.recv.in.lend = h, lend
	err := c.recv.serve()
	c.send.fail(ErrClosed)
	return err
}

func (c *shared) Poll(size int, done func() bool) {
	if c.recv.in.worker || !c.gate.enter() {
		return
	}
	defer c.gate.leave()
	c.recv.poll(size, done)
}

func (c *shared) Begin(call uint32) bool {
	if !c.gate.enter() {
		return false
	}
	ok := c.seg.marks.begin(call)
	c.gate.leave()
	return ok
}

func (c *shared) Revoke(call uint32) (ok bool) {
	if !c.gate.enter() {
		return false
	}
	defer c.gate.leave()
	err := c.at.guard(func() error {
		ok = c.seg.marks.revoke(call)
		return nil
	})
	if err != nil {
		c.broken(err)
	}
	return ok
}

func (c *shared) Meters(use func(mem []byte)) bool {
	if len(c.seg.meters) == 0 || !c.gate.enter() {
		return false
	}
	defer c.gate.leave()
	err := c.at.guard(func() error {
		use(c.seg.meters)
		return nil
	})
	if err != nil {
		c.broken(err)
	}
	return true
}

func (c *shared) Hangup() {
	c.stop(c.end.hangUp)
}

func (c *shared) Close() error {
	if c.closing.Swap(true) {
		return nil
	}
	c.stop(func() {
		c.end.close()
		_ = c.at.guard(c.send.bye) // an error means that the peer has freed the memory itself
	})
	c.gate.close()
	return nil
}
