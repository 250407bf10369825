package pool

import (
	"errors"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/arena"
	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// The Buffers of a call lie in an arena, the memory that the daemon shares with
// one worker, or in ordinary memory. A call that goes to the worker of its
// arena takes only refs along; to any other worker it takes the bytes. Which
// worker it is, is known when the call is sent, so its payload is put together
// then.

// WithArena returns a link with an arena beside it: a Launcher returns it for a
// worker that has the other end of both. Close closes both.
func WithArena(c link.Conn, a *arena.Arena) link.Conn { return &arenaLink{c, a} }

type arenaLink struct {
	link.Conn
	arena *arena.Arena
}

func (l *arenaLink) Close() error {
	l.arena.Close()
	return l.Conn.Close()
}

// arenaOf returns the arena beside a link, or nil.
func (m *member) arenaOf(c link.Conn) *arena.Arena {
	l, ok := c.(*arenaLink)
	if !ok {
		return nil
	}
	l.arena.Tell = m.tellFreed
	return l.arena
}

// NewBuffer returns a Buffer of n bytes in the arena of the ready worker with
// the fewest calls and Buffers; in ordinary memory if it has no room, or if
// there is no such worker. The contents are unspecified.
func (p *Pool) NewBuffer(n int) *buffer.Buffer {
	var least *arena.Arena
	fewest := 0
	p.mu.Lock()
	for _, w := range p.core.workers {
		if w.arena == nil || w.state != workerReady || w.paused {
			continue
		}
		if busy := w.load + w.arena.Leases(); least == nil || busy < fewest {
			least, fewest = w.arena, busy
		}
	}
	p.mu.Unlock()
	if least != nil {
		if piece := least.Take(n); piece.Bytes != nil {
			return buffer.New(piece, least.Forgotten)
		}
	}
	return buffer.New(buffer.Piece{Bytes: make([]byte, n)}, nil)
}

// Size returns the size of the argument of c.
func (c *Call) Size() int {
	return len(c.Payload) + buffer.Overhead(len(c.In)) + buffer.Size(c.In)
}

// sizeFor returns the size of the payload of c for w.
func (c *Call) sizeFor(w *worker) int {
	n := len(c.Payload) + buffer.Overhead(len(c.In))
	for _, p := range c.In {
		if _, ok := w.offset(p); !ok {
			n += len(p.Bytes)
		}
	}
	return n
}

// payloadFor returns the payload of c for w.
func (c *Call) payloadFor(w *worker) []byte {
	if len(c.In) == 0 {
		return c.Payload
	}
	return buffer.Pack(make([]byte, 0, c.sizeFor(w)), c.Payload, c.In, w.offset)
}

// offset returns where a piece lies in the arena of w.
func (w *worker) offset(p buffer.Piece) (int, bool) {
	if w.arena == nil {
		return 0, false
	}
	return w.arena.Offset(p)
}

// choose returns the worker with room for c, or nil: pick's, or one that is no
// busier and needs fewer bytes, because Buffers of c are in its arena.
func (k *core) choose(c *Call, now time.Duration) *worker {
	best := k.pick(now)
	if best == nil || len(c.In) == 0 {
		return best
	}
	for _, w := range k.workers {
		if w.load <= best.load && w.load < k.room(w, now) && c.sizeFor(w) < c.sizeFor(best) {
			best = w
		}
	}
	return best
}

// adopt takes the Buffers of a result out of c.Data. An error means that the
// worker has broken the protocol. The pool's lock is held.
func (m *member) adopt(c *Call) error {
	if c.Results == 0 {
		return nil
	}
	var taken []buffer.Piece
	body, pieces, err := buffer.Unpack(c.Data, c.Results, func(at, length uint64) (buffer.Piece, error) {
		if m.w.arena == nil {
			return buffer.Piece{}, errors.New("a ref, without an arena")
		}
		p, err := m.w.arena.Claim(at, length, c.In, taken)
		if err == nil {
			taken = append(taken, p)
		}
		return p, err
	})
	if err != nil {
		for _, p := range taken {
			if !slices.ContainsFunc(c.In, p.Same) {
				p.Release()
			}
		}
		return err
	}
	c.Data, c.back = body, make([]bool, len(c.In))
	for i := range c.In {
		c.back[i] = slices.ContainsFunc(taken, c.In[i].Same)
	}
	c.Out = make([]*buffer.Buffer, len(pieces))
	c.outSize = buffer.Size(pieces)
	for i, p := range pieces {
		if p.Bytes != nil {
			var forgotten func(int)
			if p.Memory != nil {
				forgotten = m.w.arena.Forgotten
			}
			c.Out[i] = buffer.New(p, forgotten)
		}
	}
	return nil
}

// giveBack releases the memory of the argument that is not in the result.
func (c *Call) giveBack() {
	for i, p := range c.In {
		if c.back == nil || !c.back[i] {
			p.Release()
		}
	}
}

// tellFreed tells the worker which parts of its half are free again. It does
// not block.
func (m *member) tellFreed() {
	m.aside(func() {
		for {
			offsets := m.w.arena.Freed()
			if len(offsets) == 0 {
				return
			}
			for ; len(offsets) > 0; offsets = offsets[min(len(offsets), wire.MaxFreed):] {
				_ = m.conn.Send(wire.Header{Kind: wire.Freed}, wire.AppendOffsets(nil, offsets))
			}
		}
	})
}
