package buffer

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
)

// Buffer is a piece of memory of a fixed capacity with bytes in it; package
// payload describes it to users.
type Buffer struct {
	state   atomic.Uint32
	bytes   []byte // in use; the capacity is the Buffer's
	memory  Memory // nil if the garbage collector frees it
	scope   *Scope // the call it belongs to, in a worker; else nil
	cleanup runtime.Cleanup
}

// Memory is memory that is not the garbage collector's.
type Memory interface {
	// Release gives the memory back. Only the first call has an effect.
	Release()
}

// The states of a Buffer. It leaves live once.
const (
	live     uint32 = iota
	consumed        // given to a call, or returned as a result
	released
	ended // its call in a worker has ended
)

var gone = [...]string{
	consumed: "it was given to a call, or returned as a result; use the Buffer that the call returns",
	released: "it was released",
	ended:    "the call to which it belonged has ended: return it, or copy its bytes before",
}

// New returns a Buffer with the bytes of p. If p has memory and the Buffer is
// forgotten, the memory is released and forgotten, unless it is nil, is called
// with the capacity; on the goroutine of runtime.AddCleanup.
func New(p Piece, forgotten func(size int)) *Buffer {
	b := &Buffer{bytes: p.Bytes, memory: p.Memory}
	if p.Memory != nil {
		b.cleanup = runtime.AddCleanup(b, release, lost{p.Memory, cap(p.Bytes), forgotten})
	}
	return b
}

type lost struct {
	memory Memory
	size   int
	tell   func(size int)
}

func release(l lost) {
	l.memory.Release()
	if l.tell != nil {
		l.tell(l.size)
	}
}

// Bytes returns the bytes, to be read and written in place.
func (b *Buffer) Bytes() []byte {
	b.use("Bytes")
	return b.bytes
}

// Len returns the number of bytes.
func (b *Buffer) Len() int {
	b.use("Len")
	return len(b.bytes)
}

// Truncate keeps the first n bytes. It panics if n is negative or greater than
// Len.
func (b *Buffer) Truncate(n int) {
	b.use("Truncate")
	if n < 0 || n > len(b.bytes) {
		panic(fmt.Sprintf("payload: Buffer.Truncate(%d) of %d bytes: the length must be 0 to %d", n, len(b.bytes), len(b.bytes)))
	}
	b.bytes = b.bytes[:n]
}

// Write appends p. If there is not enough room, it appends what fits and
// returns io.ErrShortWrite.
func (b *Buffer) Write(p []byte) (int, error) {
	b.use("Write")
	n := copy(b.bytes[len(b.bytes):cap(b.bytes)], p)
	b.bytes = b.bytes[:len(b.bytes)+n]
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// ReadFrom appends what r has, until io.EOF. If there is not enough room, it
// appends what fits and returns io.ErrShortWrite.
func (b *Buffer) ReadFrom(r io.Reader) (n int64, err error) {
	b.use("ReadFrom")
	var beyond [1]byte
	for idle := 0; ; {
		room := b.bytes[len(b.bytes):cap(b.bytes)]
		full := len(room) == 0
		if full {
			room = beyond[:] // is that all?
		}
		got, err := r.Read(room)
		switch {
		case full && got > 0:
			return n, io.ErrShortWrite
		case err == io.EOF:
			err = nil
		case err == nil && (got > 0 || idle < 100):
			if idle++; got > 0 {
				idle = 0
			}
			n += int64(got)
			b.bytes = b.bytes[:len(b.bytes)+got]
			continue
		case err == nil:
			err = io.ErrNoProgress
		}
		if !full {
			n += int64(got)
			b.bytes = b.bytes[:len(b.bytes)+got]
		}
		return n, err
	}
}

// Release gives the memory back.
func (b *Buffer) Release() {
	b.leave(released, "Release")
	b.drop()
}

// use panics if the Buffer is not the caller's any more.
func (b *Buffer) use(method string) {
	if now := b.state.Load(); now != live {
		misused(method, now)
	}
}

func misused(method string, now uint32) {
	panic("payload: Buffer." + method + ": " + gone[now])
}

// leave ends the time in which the Buffer may be used.
func (b *Buffer) leave(to uint32, method string) {
	if !b.state.CompareAndSwap(live, to) {
		misused(method, b.state.Load())
	}
}

// drop gives the memory of a Buffer back that has been left.
func (b *Buffer) drop() {
	b.take().Release()
}

// take returns the bytes of a Buffer that has been left; they are the caller's.
func (b *Buffer) take() Piece {
	if b.memory != nil {
		b.cleanup.Stop()
	}
	p := Piece{b.bytes, b.memory}
	b.bytes = nil
	return p
}
