package link_test

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

func TestEchoAcrossProcesses(t *testing.T) {
	for _, how := range []string{"go", "inline"} {
		each(t, func(t *testing.T, tr link.Transport) {
			c, cmd := start(t, tr, link.Options{}, how)
			cl := newClient(c)
			for i, n := range sizes {
				within(t, "call", func() { mustCall(t, cl, pattern(i, n)) })
			}
			var wg sync.WaitGroup
			for g := range 64 {
				wg.Go(func() {
					for i := range 100 {
						p := pattern(i, 100*g)
						got, err := cl.call(p, nil)
						if err != nil || string(got) != string(p) {
							t.Errorf("%v: %d bytes, want %d", err, len(got), len(p))
							return
						}
					}
				})
			}
			within(t, "calls", wg.Wait)
			if n := cl.strays.Load(); n != 0 {
				t.Errorf("%d answers to no call", n)
			}
			c.Close()
			if err := await(t, "Serve", cl.ended); err != nil {
				t.Error(err)
			}
			within(t, "the child to leave", func() { // it notices that its daemon is gone
				if err := cmd.Wait(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWorkerThatLeavesIsSeen(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		c, _ := start(t, tr, link.Options{}, "go")
		cl := newClient(c)
		mustCall(t, cl, []byte("up"))
		if err := c.Send(wire.Header{Kind: wire.Stop}, nil); err != nil {
			t.Fatal(err)
		}
		if err := await(t, "Serve", cl.ended); err != io.EOF { // without Hangup
			t.Error(err)
		}
	})
}

// TestWorkerKilledUnderLoad kills the worker while callers, large payloads and
// pollers use the link.
func TestWorkerKilledUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		for i := range 5 {
			c, cmd := start(t, tr, link.Options{}, "go")
			answers := make(chan struct{}, 1)
			ended := serve(c, func(f link.Frame) error {
				select {
				case answers <- struct{}{}:
				default:
				}
				return nil
			})
			var wg sync.WaitGroup
			for k := range 8 {
				wg.Go(func() {
					for gen := uint32(1); ; gen++ {
						p := pattern(k, k*k*10_000)
						if err := c.Send(wire.Header{Kind: wire.Request, Call: wire.CallID(uint8(k), gen)}, p); err != nil {
							if err != link.ErrClosed {
								t.Errorf("Send: %v", err)
							}
							return
						}
						end := time.Now().Add(20 * time.Microsecond)
						c.Poll(0, func() bool { return time.Now().After(end) })
					}
				})
			}
			for range 10 << i {
				await(t, "answer", answers)
			}
			cmd.Process.Kill()
			cmd.Wait()
			c.Hangup()
			if err := await(t, "Serve", ended); err != io.EOF {
				t.Errorf("Serve: %v", err)
			}
			within(t, "senders", wg.Wait)
			c.Close()
		}
	})
}
