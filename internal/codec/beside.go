package codec

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/payload"
)

// A Buffer travels beside the encoding of the value that holds it: see package
// buffer. It has no bytes in the encoding. How many Buffers a value has depends
// on its type alone, because they are not in slices, arrays and maps, nor
// behind pointers: so each has a fixed place.

var bufferType = reflect.TypeFor[*payload.Buffer]()

func encBuffer(b []byte, _ unsafe.Pointer, _ int) ([]byte, error) { return b, nil }

func decBuffer(_ *decoder, p unsafe.Pointer) error {
	*(**payload.Buffer)(p) = nil
	return nil
}

// CountBuffers returns how many Buffers a value of T has, of which some may be
// nil.
func (c *Codec[T]) CountBuffers() int { return len(c.plan.buffers) }

// Buffers returns the Buffers of *v, in the order of the type.
func (c *Codec[T]) Buffers(v *T) []*buffer.Buffer {
	found := make([]*buffer.Buffer, len(c.plan.buffers))
	for i, off := range c.plan.buffers {
		found[i] = (*buffer.Buffer)(*(**payload.Buffer)(unsafe.Add(noescape(unsafe.Pointer(v)), off)))
	}
	runtime.KeepAlive(v)
	return found
}

// TakeBuffers consumes the Buffers of *v, and returns what they held.
func (c *Codec[T]) TakeBuffers(v *T) []buffer.Piece {
	if c.CountBuffers() == 0 {
		return nil
	}
	return buffer.Consume(c.Buffers(v))
}

// Receive is Borrow in a worker for a value that travelled with its Buffers,
// which become part of the scope of its call. For a T without Buffers, scope
// may be nil.
func (c *Codec[T]) Receive(scope *buffer.Scope, b []byte, v *T) (err error) {
	var buffers []*buffer.Buffer
	if c.CountBuffers() > 0 {
		b, buffers, err = scope.Unpack(b, c.CountBuffers())
	}
	if err == nil {
		err = c.Borrow(b, v)
	}
	if err == nil {
		c.SetBuffers(v, buffers)
	}
	return err
}

// SetBuffers puts Buffers in the places of *v; there must be one for each,
// or none at all.
func (c *Codec[T]) SetBuffers(v *T, buffers []*buffer.Buffer) {
	for i, b := range buffers {
		*(**payload.Buffer)(unsafe.Add(noescape(unsafe.Pointer(v)), c.plan.buffers[i])) = (*payload.Buffer)(b)
	}
	runtime.KeepAlive(v)
}
