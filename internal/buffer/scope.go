package buffer

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Source is where the Buffers of a worker's calls come from: its arena.
type Source interface {
	// Take returns memory for n bytes, or the zero Piece if there is none.
	Take(n int) Piece
	// View returns the part of the daemon's half that a ref names.
	View(at, length uint64) (Piece, error)
	// Offset returns where a piece lies in the arena.
	Offset(p Piece) (at int, ok bool)
}

// Scope holds the Buffers of one call in a worker. Those that are not in its
// result end with it.
type Scope struct {
	source Source // nil if the daemon shares no memory with this worker

	mu      sync.Mutex
	over    bool
	buffers []*Buffer
}

type sourceKey struct{}
type scopeKey struct{}

// WithSource returns a context for the calls of a worker whose Buffers come
// from s.
func WithSource(ctx context.Context, s Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// Begin returns the scope of a call that begins, and the context for its
// function. End must follow.
func Begin(ctx context.Context) (context.Context, *Scope) {
	s := new(Scope)
	s.source, _ = ctx.Value(sourceKey{}).(Source)
	return context.WithValue(ctx, scopeKey{}, s), s
}

var errEnded = errors.New("payload: NewBuffer: the call of this context has ended")

// Make returns a new Buffer of n bytes for the call of ctx. Its memory is
// ordinary memory if ctx belongs to no call, and if the arena has no room.
func Make(ctx context.Context, n int) (*Buffer, error) {
	if n <= 0 {
		return nil, errors.New("payload: NewBuffer: the size must be greater than 0")
	}
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	if s == nil {
		return New(Piece{Bytes: make([]byte, n)}, nil), nil
	}
	var p Piece
	if s.source != nil {
		p = s.source.Take(n)
	}
	if p.Bytes == nil {
		p.Bytes = make([]byte, n)
	}
	return s.add(p)
}

// add makes the Buffer for p.
func (s *Scope) add(p Piece) (*Buffer, error) {
	b := &Buffer{bytes: p.Bytes, memory: p.Memory, scope: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		p.Release()
		return nil, errEnded
	}
	s.buffers = append(s.buffers, b)
	return b, nil
}

// Unpack takes the argument apart: it returns the encoded value and its n
// Buffers.
func (s *Scope) Unpack(arg []byte, n int) (body []byte, buffers []*Buffer, err error) {
	view := func(at, length uint64) (Piece, error) {
		return Piece{}, errors.New("a ref without an arena")
	}
	if s.source != nil {
		view = s.source.View
	}
	body, pieces, err := Unpack(arg, n, view)
	if err != nil {
		return nil, nil, err
	}
	buffers = make([]*Buffer, n)
	for i, p := range pieces {
		if p.Bytes != nil {
			if buffers[i], err = s.add(p); err != nil {
				return nil, nil, err
			}
		}
	}
	return body, buffers, nil
}

// Pack puts together the result, encoded as body, with its Buffers, which it
// consumes. If they are together larger than limit, it returns an error, and
// the Buffers are released.
func (s *Scope) Pack(body []byte, buffers []*Buffer, limit int64) ([]byte, error) {
	pieces := consume(buffers, s)
	if n := int64(len(body) + Overhead(len(pieces)) + Size(pieces)); n > limit {
		for _, p := range pieces {
			p.Release()
		}
		return nil, fmt.Errorf("the result does not fit: %d bytes with its Buffers exceed the limit of %d bytes; raise Pool.MaxPayload", n, limit)
	}
	offset := func(Piece) (int, bool) { return 0, false }
	if s.source != nil {
		offset = s.source.Offset
	}
	packed := Pack(nil, body, pieces, offset)
	for _, p := range pieces {
		if p.Memory == nil {
			p.Release() // its bytes travel
		}
	}
	return packed, nil
}

// End ends the Buffers of the call that are not in its result. A nil Scope has
// none.
func (s *Scope) End() {
	if s == nil {
		return
	}
	s.mu.Lock()
	buffers := s.buffers
	s.over, s.buffers = true, nil
	s.mu.Unlock()
	for _, b := range buffers {
		if b.state.CompareAndSwap(live, ended) {
			b.drop()
		}
	}
}
