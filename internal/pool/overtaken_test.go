package pool

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
	workers "github.com/legion-go/legion/internal/worker"
)

// slowLink is a daemon's end on which requests are held up, while other frames
// go on.
type slowLink struct {
	link.Conn
	begun, held, stopped chan struct{}
}

func (l *slowLink) Send(h wire.Header, payload []byte) error {
	switch h.Kind {
	case wire.Request:
		close(l.begun)
		<-l.held
	case wire.Stop:
		defer close(l.stopped)
	}
	return l.Conn.Send(h, payload)
}

// A worker that is replaced while a request is on its way to it answers it
// first. Over a socket nothing says whether it has begun, so no other worker
// may have it.
func TestStopThatOvertakesARequest(t *testing.T) {
	for _, transport := range []link.Transport{link.Socket, link.SharedMemory} {
		first := &slowLink{begun: make(chan struct{}), held: make(chan struct{}), stopped: make(chan struct{})}
		funcs := []workers.Func{{Name: "size", Call: func(_ context.Context, _ any, in []byte, _ *[]byte) ([]byte, error) {
			return wire.AppendOffsets(nil, []uint64{uint64(len(in))}), nil
		}}}
		p := New(Config{Name: "slow", Min: 1, Max: 1, Concurrency: 1, Queue: 10, KillGrace: guard, Funcs: []string{"size"}}, workers.Hello(funcs),
			func(id uint64) (Process, link.Conn, error) {
				process, conn, err := LaunchGoroutine(transport, link.Options{}, func(c link.Conn, busy *atomic.Int32) error {
					return workers.Serve(c, workers.Config{Funcs: funcs, Concurrency: 1, Busy: busy, Context: context.Background(), Fault: func(err error) wire.Fault { return wire.Fault{} }})
				})
				if id == 1 && err == nil {
					first.Conn = conn
					conn = first
				}
				return process, conn, err
			}, Hooks{})
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := NewCall()
		c.Payload = make([]byte, fitsCall+1) // it may have to wait for room
		p.Go(t.Context(), c, func(*Call) {})
		<-first.begun
		p.Recycle()
		<-first.stopped
		close(first.held)
		p.Await(t.Context(), c)
		if want := wire.AppendOffsets(nil, []uint64{fitsCall + 1}); c.Kind != OK || !bytes.Equal(c.Data, want) {
			t.Errorf("transport %v: the call ended as %v %v", transport, c.Kind, c.Death)
		}
		p.Stop(guard)
	}
}
