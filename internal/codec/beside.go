package codec

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/legion-go/legion/internal/buffer"
)

// A Buffer travels beside the encoding of the value that holds it: see package
// buffer. It has no bytes in the encoding. How many Buffers a value has depends
// on its type alone, because they are not in slices, arrays and maps, nor
// behind pointers: so each has a fixed place.

var bufferType = reflect.TypeFor[*buffer.Buffer]()

func encBuffer(b []byte, _ unsafe.Pointer, _ int) ([]byte, error) { return b, nil }

func decBuffer(_ *decoder, p unsafe.Pointer) error {
	*(**buffer.Buffer)(p) = nil
	return nil
}

// CountBuffers returns how many Buffers a value of T has, of which some may be
// nil.
func (c *Codec[T]) CountBuffers() int { return len(c.plan.buffers) }

// Buffers returns the Buffers of *v, in the order of the type.
func (c *Codec[T]) Buffers(v *T) []*buffer.Buffer {
	found := make([]*buffer.Buffer, len(c.plan.buffers))
	for i, off := range c.plan.buffers {
		found[i] = *(**buffer.Buffer)(unsafe.Add(noescape(unsafe.Pointer(v)), off))
	}
	runtime.KeepAlive(v)
	return found
}

// SetBuffers puts Buffers in the places of *v; there must be one for each,
// or none at all.
func (c *Codec[T]) SetBuffers(v *T, buffers []*buffer.Buffer) {
	for i, b := range buffers {
		*(**buffer.Buffer)(unsafe.Add(noescape(unsafe.Pointer(v)), c.plan.buffers[i])) = b
	}
	runtime.KeepAlive(v)
}
