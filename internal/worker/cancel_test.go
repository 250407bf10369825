package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// wireless is a link whose frames a test gives by hand.
type wireless struct {
	link.Conn
	frames  chan link.Frame
	answers chan wire.Header
}

func (w *wireless) Send(h wire.Header, _ []byte) error {
	if h.Kind == wire.Response {
		w.answers <- h
	}
	return nil
}

func (w *wireless) Serve(h link.Handler) error {
	for f := range w.frames {
		if err := h(f); err != nil {
			return err
		}
	}
	return nil
}

func (w *wireless) Begin(uint32) bool { return true }

// A call can be cancelled before its request has come, while it waits behind
// another, and while it runs; the function sees it each time.
func TestCancelAtAnyTime(t *testing.T) {
	w := &wireless{frames: make(chan link.Frame), answers: make(chan wire.Header, 10)}
	entered := make(chan uint32, 10)
	over := make(chan error, 1)
	go func() {
		over <- Serve(w, Config{
			Concurrency: 1, Busy: new(atomic.Int32), Context: context.Background(),
			Fault: func(err error) wire.Fault { return wire.Fault{Message: err.Error()} },
			Funcs: []Func{{Name: "f", Call: func(ctx context.Context, _ any, _ []byte, _ *[]byte) ([]byte, error) {
				entered <- Call(ctx)
				<-ctx.Done()
				if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
					t.Errorf("call %d ended with %v", Call(ctx), ctx.Err())
				}
				return nil, ctx.Err()
			}}},
		})
	}()
	frame := func(k wire.Kind, call uint32) {
		h := wire.Header{Kind: k, Call: call}
		if k == wire.Cancel {
			h.Code = uint16(wire.CauseTimeout)
		}
		w.frames <- link.Frame{Header: h}
	}
	early, running, waiting := wire.CallID(3, 1), wire.CallID(1, 1), wire.CallID(2, 1)
	frame(wire.Cancel, early)
	frame(wire.Request, running)
	frame(wire.Request, waiting)
	frame(wire.Request, early)
	if id := <-entered; id != running {
		t.Fatalf("call %08x came first", id)
	}
	frame(wire.Cancel, waiting)
	frame(wire.Cancel, running)
	for _, want := range []uint32{running, waiting, early} {
		if h := <-w.answers; h.Call != want || wire.Status(h.Code) != wire.Error {
			t.Errorf("answer %+v, want one of call %08x", h, want)
		}
	}
	close(w.frames)
	if err := <-over; err != nil {
		t.Error(err)
	}
}
