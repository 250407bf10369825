package link

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"

	"github.com/legion-go/legion/internal/ring"
)

// A page of the segment can be missing. Its size is sealed, but no seal keeps a
// worker with write access from freeing its pages (MADV_REMOVE,
// FALLOC_FL_PUNCH_HOLE). The kernel provides a new page, all zero, at the next
// access, also a read; if it cannot, as with vm.overcommit_memory=2 and all
// memory committed, it sends SIGBUS, which would end the process. So all code
// that accesses the segment runs with SetPanicOnFault, and a fault in the
// segment is a breach of protocol like any other.
//
// SetPanicOnFault applies to one goroutine. Serve, Poll and Send set it on
// theirs; the handler runs on the goroutine of Serve or Poll.

// region is the address range of a mapped segment.
type region struct{ from, to uintptr }

func regionOf(mem []byte) region {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return region{from, from + uintptr(len(mem))}
}

// fault turns a value of recover into the error for a fault in the region; nil
// into nil. For all other values it panics again.
func (r region) fault(v any) error {
	if v == nil {
		return nil
	}
	at, ok := v.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok || at.Addr() < r.from || at.Addr() >= r.to {
		panic(v)
	}
	return fmt.Errorf("%w: the memory at byte %d is gone, and the system cannot replace it", ring.ErrCorrupt, at.Addr()-r.from)
}

// guard calls f and returns its error, or the error for a fault in f. It is for
// operations that are not done for every frame.
func (r region) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if e := r.fault(recover()); e != nil {
			err = e
		}
	}()
	return f()
}

// AppendTo appends the payload to b. An error, which the handler must return,
// means that the payload cannot be read. Use it while holding a lock: any other
// access to a Payload that is not Owned may panic; Serve and Poll recover from
// that, but the lock would stay locked.
func (f *Frame) AppendTo(b []byte) (_ []byte, err error) {
	if f.memory != nil {
		defer func() {
			if e := f.memory.fault(recover()); e != nil {
				err = corrupt("%w", e)
			}
		}()
	}
	return append(b, f.Payload...), nil
}
