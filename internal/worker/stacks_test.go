package worker

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// wireless is a link whose frames come from a test.
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

func (w *wireless) Serve(h link.Handler, _ link.Lend) error {
	for f := range w.frames {
		if err := h(f); err != nil {
			return err
		}
	}
	return nil
}

func (w *wireless) Begin(uint32) bool { return true }

// answering is a wireless link that keeps the worker's Stack frames, and takes
// payloads up to a limit.
type answering struct {
	wireless
	limit  int
	stacks chan string
}

func (a *answering) Send(h wire.Header, payload []byte) error {
	if h.Kind != wire.Stack {
		return a.wireless.Send(h, payload)
	}
	if len(payload) > a.limit {
		return &wire.TooLarge{Size: int64(len(payload)), Limit: int64(a.limit)}
	}
	a.stacks <- string(payload)
	return nil
}

// Each request for stacks is answered once, while every place is taken and
// calls wait, and within the limit of the link.
func TestStacksOfABusyWorker(t *testing.T) {
	for _, limit := range []int{0, 1, 200, wire.MaxPayload} {
		a := &answering{limit: limit, stacks: make(chan string)}
		a.frames, a.answers = make(chan link.Frame), make(chan wire.Header, 10)
		entered, leave := make(chan struct{}, 10), make(chan struct{})
		var idle sync.WaitGroup
		for range 50 {
			idle.Go(func() { <-leave })
		}
		over := make(chan error, 1)
		go func() {
			over <- Serve(a, Config{
				Concurrency: 1, Busy: new(atomic.Int32), Context: context.Background(),
				Funcs: []Func{{Name: "f", Call: func(context.Context, any, []byte, *[]byte) ([]byte, error) {
					entered <- struct{}{}
					hold(leave)
					return nil, nil
				}}},
			})
		}()
		a.frames <- link.Frame{Header: wire.Header{Kind: wire.Request, Call: wire.CallID(1, 1)}}
		<-entered
		a.frames <- link.Frame{Header: wire.Header{Kind: wire.Request, Call: wire.CallID(2, 1)}}
		for range 2 {
			a.frames <- link.Frame{Header: wire.Header{Kind: wire.Stacks}}
			a.frames <- link.Frame{Header: wire.Header{Kind: wire.Ping}} // the worker keeps receiving while the answer waits for room
			s := <-a.stacks
			if len(s) > limit || limit >= 200 && !strings.HasPrefix(s, "goroutine ") {
				t.Errorf("limit %d: %d bytes\n%.300s", limit, len(s), s)
			}
			first, _, _ := strings.Cut(s, "\n\n")
			if limit == wire.MaxPayload && !strings.Contains(first, "internal/worker.hold(") {
				t.Errorf("the function that runs does not come first:\n%s", s)
			}
			if strings.Contains(s, "worker.stacks(") || strings.Contains(s, "internal/worker.Serve(") {
				t.Errorf("the worker's own goroutines are included:\n%s", s)
			}
		}
		close(leave)
		<-a.answers
		<-a.answers
		idle.Wait()
		close(a.frames)
		if err := <-over; err != nil {
			t.Error(err)
		}
		select {
		case <-a.stacks:
			t.Error("one answer too many")
		default:
		}
	}
}

//go:noinline
func hold(until <-chan struct{}) { <-until }
