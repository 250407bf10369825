package link

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"

	"github.com/legion-go/legion/internal/ring"
)

// A page of the segment can be missing. Its size is sealed, but no seal keeps a worker that may write from freeing pages
// of it (MADV_REMOVE, FALLOC_FL_PUNCH_HOLE). The kernel provides a new one, all zero, at the next access, a read too; and
// where it cannot, as with vm.overcommit_memory=2 and all memory committed, it sends SIGBUS, which would be the end of
// the process. So whatever touches the segment does so with SetPanicOnFault, and a fault in it is a breach of protocol
// like any other.
//
// SetPanicOnFault holds for a goroutine. Serve, Poll and Send set it on theirs; the handler runs on one of the first two.

// region is where a segment is mapped.
type region struct{ from, to uintptr }

func regionOf(mem []byte) region {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return region{from, from + uintptr(len(mem))}
}

// fault turns what recover has returned into the error for a fault in the region; nil into nil. It goes on panicking
// for everything else.
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
	return fmt.Errorf("%w: the memory at byte %d is gone, and there is none to replace it", ring.ErrCorrupt, at.Addr()-r.from)
}

// guard calls f and returns its error, or that for a fault in it. It is for what is not done with every frame.
func (r region) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if e := r.fault(recover()); e != nil {
			err = e
		}
	}()
	return f()
}

// AppendTo appends the payload to b. An error, which the handler is to return, means that the payload cannot be read.
// Holders of locks use it: any other access to a Payload that is not Owned may panic, which Serve and Poll take care of,
// and the lock would stay locked.
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
