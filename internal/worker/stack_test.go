//go:build !race

package worker

import (
	"context"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// Each call runs in a new goroutine, whose stack grows when some 1200 bytes are
// used: that cost a small call a quarter of its time. So what is around the
// function and around the link leaves them at least half of it. If the stack
// grew nevertheless, it moved, and the difference is anything. The race
// detector makes frames larger.
func TestMemoryOfTheStack(t *testing.T) {
	const most = 560
	var inFunc uintptr
	fn := Func{Name: "f", Call: func(context.Context, any, []byte, *[]byte) ([]byte, error) {
		inFunc = here()
		return nil, nil
	}}
	conn := new(shallow)
	s := &server{Config: Config{Funcs: []Func{fn}, Busy: new(atomic.Int32), Tally: new(Tally)}, conn: conn, active: 1}
	j := &job{server: s, fn: &s.Funcs[0], id: wire.CallID(0, 1), ctx: &callContext{Context: context.Background()}}
	s.over.Add(1)
	began := make(chan uintptr)
	go func() {
		at := here()
		s.work(j)
		began <- at
	}()
	at := <-began
	if used := at - inFunc; used > most {
		t.Errorf("%d bytes are used where the function begins, at most %d", used, most)
	}
	if used := at - conn.at; used > most {
		t.Errorf("%d bytes are used where the answer is sent, at most %d", used, most)
	}
}

// shallow notes where on the stack it is called.
type shallow struct {
	link.Conn
	at uintptr
}

func (c *shallow) Begin(uint32) bool { return true }

func (c *shallow) Send(wire.Header, []byte) error {
	c.at = here()
	return nil
}

// here is an address in the caller's stack, nearly.
//
//go:noinline
func here() uintptr {
	var b byte
	return uintptr(unsafe.Pointer(&b))
}
