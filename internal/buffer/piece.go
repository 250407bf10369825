package buffer

import "github.com/legion-go/legion/internal/reuse"

// Piece is the bytes of a Buffer without the Buffer: what a call carries. The
// zero Piece stands for a nil Buffer.
type Piece struct {
	Bytes  []byte // the capacity is that of the Buffer; not nil, unless the Buffer is
	Memory Memory // nil if the garbage collector frees it
}

// Release gives the memory back, if there is something to give back. In tests,
// ordinary memory is overwritten, as other memory is by its owner.
func (p Piece) Release() {
	if p.Memory != nil {
		p.Memory.Release()
	} else {
		reuse.Spoil(p.Bytes)
	}
}

// Same reports whether p and q are in the same memory, which is not the garbage
// collector's.
func (p Piece) Same(q Piece) bool { return p.Memory != nil && p.Memory == q.Memory }

// Consume takes the bytes of Buffers, some of which may be nil; from now on the
// Buffers may not be used. It panics, and releases all of them, if one is used
// twice or has been given away before.
func Consume(buffers []*Buffer) []Piece { return consume(buffers, nil) }

// consume is Consume for Buffers of one scope.
func consume(buffers []*Buffer, of *Scope) []Piece {
	pieces := make([]Piece, len(buffers))
	done := false
	defer func() {
		if !done {
			for _, p := range pieces {
				p.Release()
			}
		}
	}()
	for i, b := range buffers {
		if b == nil {
			continue
		}
		if b.scope != of {
			panic("payload: a Buffer in a result: it belongs to another call; make one with payload.NewBuffer and the context of this call")
		}
		b.leave(consumed, "Call")
		pieces[i] = b.take()
	}
	done = true
	return pieces
}

// Size returns how many bytes are in the pieces.
func Size(pieces []Piece) (n int) {
	for _, p := range pieces {
		n += len(p.Bytes)
	}
	return n
}
