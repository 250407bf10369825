package pool

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// A worker that answers calls several times, in pieces that are interleaved, in
// one frame and in pieces, calls that it never began and that have moved to
// another worker, and that dies in the middle: a caller gets one whole answer
// in its memory, or an error, and then nobody writes to that memory.
func TestLyingAnswers(t *testing.T) {
	const calls, callers = 150, 4
	sizes := []int{10, 5_000, 100_000, 300_000}
	lie := func(c link.Conn, f link.Frame, rng *rand.Rand) {
		h := wire.Header{Kind: wire.Response, Call: f.Call}
		answer := func() {
			b := bytes.Repeat([]byte{byte('a' + rng.IntN(26))}, sizes[rng.IntN(len(sizes))])
			_ = c.Send(h, b)
		}
		if rng.IntN(4) > 0 {
			c.Begin(f.Call)
		}
		switch rng.IntN(6) {
		case 0: // two or three at once
			var all sync.WaitGroup
			for range 2 + rng.IntN(2) {
				b := bytes.Repeat([]byte{byte('a' + rng.IntN(26))}, sizes[rng.IntN(len(sizes))])
				all.Go(func() { _ = c.Send(h, b) })
			}
			all.Wait()
		case 1: // the end comes in the middle
			b := bytes.Repeat([]byte("x"), 300_000)
			go func() { _ = c.Send(h, b) }()
			time.Sleep(time.Duration(rng.IntN(200)) * time.Microsecond)
			_ = c.Close()
		case 2: // late: the call may have moved
			time.Sleep(2 * stallAfter)
			answer()
		default:
			answer()
		}
	}
	var died atomic.Int32
	p := New(Config{
		Name: "liars", Min: 2, Max: 2, Concurrency: 1, Ahead: 16, Queue: 100, Retry: 1, KillGrace: 5 * time.Millisecond,
		BootTimeout: time.Minute, BackoffMin: 1, BackoffMax: 1, Funcs: []string{"f"},
	}, []wire.FuncInfo{{Name: "f"}}, func(id uint64) (Process, link.Conn, error) {
		return LaunchGoroutine(link.Default(), link.Options{}, func(c link.Conn, _ *atomic.Int32) error {
			if err := c.Send(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, wire.Hello{Version: wire.Version, Funcs: []wire.FuncInfo{{Name: "f"}}})); err != nil {
				return err
			}
			rng := rand.New(rand.NewPCG(id, 1))
			var under sync.WaitGroup
			defer under.Wait()
			return c.Serve(func(f link.Frame) error {
				if f.Kind == wire.Stop {
					under.Go(func() { _ = c.Close() })
				}
				if f.Kind == wire.Request {
					lie(c, f, rng)
				}
				return nil
			}, nil)
		})
	}, Hooks{Died: func(*Death) { died.Add(1) }})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ok, failed atomic.Int32
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			memory := make([]byte, 300_000)
			for range calls {
				c := NewCall()
				c.Raw, c.Into = true, memory[:0]
				p.Do(t.Context(), c)
				if c.Kind == OK {
					ok.Add(1)
					if len(c.Data) == 0 || bytes.Count(c.Data, c.Data[:1]) != len(c.Data) {
						t.Errorf("an answer of %d bytes is mixed", len(c.Data))
					}
				} else {
					failed.Add(1)
				}
				clear(memory)
				time.Sleep(100 * time.Microsecond)
				if bytes.Count(memory, []byte{0}) != len(memory) {
					t.Errorf("after the end (%v) the memory was written", c.Kind)
				}
			}
		})
	}
	all.Wait()
	p.Stop(0)
	if ok.Load() < calls || died.Load() < 10 {
		t.Errorf("%d answers, %d failures, %d deaths: that is no mix of truth and lies", ok.Load(), failed.Load(), died.Load())
	}
}
