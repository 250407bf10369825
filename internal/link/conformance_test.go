package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// sizes are sizes at which the format changes: a cell, the bulk area, a piece.
var sizes = []int{0, 1, 47, 48, 49, 64, 1000, 1024, 1025, 16 << 10, 16<<10 + 1, 32 << 10, 32<<10 + 1, 200 << 10,
	256<<10 - 16, 256<<10 - 15, 256 << 10, 1 << 20, 5<<20 + 3}

// noise is the source of patterns.
var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 8<<20)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
})

// pattern returns n bytes that depend on seed; read only.
func pattern(seed, n int) []byte { return noise()[seed%1000*13:][:n:n] }

// collect returns a handler that sends copies of the frames to a channel.
func collect(n int) (chan link.Frame, link.Handler) {
	c := make(chan link.Frame, n)
	return c, func(f link.Frame) error {
		if !f.Owned {
			f.Payload = bytes.Clone(f.Payload)
		}
		c <- f
		return nil
	}
}

func TestFramesArriveAsSent(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		atWorker, h := collect(16)
		serve(w, h)
		atDaemon, h := collect(16)
		serve(d, h)
		for i, n := range sizes {
			for _, timeout := range []time.Duration{0, 1, time.Hour} {
				want := wire.Header{Kind: wire.Request, Flags: 0x50, Code: uint16(i), Call: wire.CallID(uint8(i), 77), Timeout: timeout}
				if err := d.Send(want, pattern(i, n)); err != nil {
					t.Fatal(err)
				}
				got := await(t, "request", atWorker)
				if got.Header != want || !bytes.Equal(got.Payload, pattern(i, n)) {
					t.Fatalf("sent %+v with %d bytes, got %+v with %d", want, n, got.Header, len(got.Payload))
				}
			}
			want := wire.Header{Kind: wire.Item, Flags: 0xf0, Code: 0xffff, Call: 0xffffffff}
			if err := w.Send(want, pattern(i, n)); err != nil {
				t.Fatal(err)
			}
			got := await(t, "item", atDaemon)
			if got.Header != want || !bytes.Equal(got.Payload, pattern(i, n)) {
				t.Fatalf("sent %+v with %d bytes, got %+v with %d", want, n, got.Header, len(got.Payload))
			}
		}
		if large := (*wire.TooLarge)(nil); !errors.As(w.Send(wire.Header{Kind: wire.Log}, make([]byte, wire.MaxAside+1)), &large) {
			t.Error("a payload beside the calls may be as large as a result")
		}
	})
}

func TestOneSendersFramesKeepTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		const frames = 5000
		d, w := pair(t, tr, link.Options{})
		next, finished := uint32(0), make(chan struct{})
		ended := serve(w, func(f link.Frame) error {
			if f.Call != next || !bytes.Equal(f.Payload, pattern(int(f.Call), len(f.Payload))) {
				return fmt.Errorf("got frame %d, want %d, %d bytes", f.Call, next, len(f.Payload))
			}
			if next++; next == frames {
				close(finished)
			}
			return nil
		})
		rng := rand.New(rand.NewPCG(1, 2))
		go func() {
			for i := range uint32(frames) {
				n := rng.IntN(100)
				if i%16 == 0 {
					n = rng.IntN(40 << 10)
				} else if i%500 == 1 {
					n = rng.IntN(2 << 20)
				}
				if d.Send(wire.Header{Kind: wire.Request, Call: i}, pattern(int(i), n)) != nil {
					return
				}
			}
		}()
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-finished:
		case <-time.After(guard):
			t.Fatal("frames are missing")
		}
	})
}

func TestPiecesOfManyInterleave(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{Buffer: 64 << 10})
		const senders, each = 12, 5
		got := make(chan error, senders*each)
		serve(w, func(f link.Frame) error {
			want := pattern(int(f.Call), int(f.Call)*100_000)
			if !bytes.Equal(f.Payload, want) || (len(want) > 256<<10 && !f.Owned) {
				got <- fmt.Errorf("call %d: %d bytes, want %d", f.Call, len(f.Payload), len(want))
			} else {
				got <- nil
			}
			return nil
		})
		for i := range senders {
			go func() {
				for range each {
					h := wire.Header{Kind: wire.Request, Call: uint32(i), Timeout: time.Minute}
					if err := d.Send(h, pattern(i, i*100_000)); err != nil {
						got <- err
					}
				}
			}()
		}
		for range senders * each {
			if err := await(t, "payload", got); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTooLarge(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		const limit = 1 << 20
		d, w := pair(t, tr, link.Options{MaxPayload: limit})
		frames, h := collect(4)
		serve(w, h)
		err := d.Send(wire.Header{Kind: wire.Request}, make([]byte, limit+1))
		var tooLarge *wire.TooLarge
		if !errors.As(err, &tooLarge) || tooLarge.Size != limit+1 || tooLarge.Limit != limit {
			t.Fatalf("got %v", err)
		}
		if err := d.Send(wire.Header{Kind: wire.Request, Call: 5}, make([]byte, limit)); err != nil {
			t.Fatal(err)
		}
		if f := await(t, "frame", frames); f.Call != 5 || len(f.Payload) != limit {
			t.Fatalf("got %+v", f.Header)
		}
	})
	each(t, func(t *testing.T, tr link.Transport) { // the other end exceeds the limit
		for _, n := range []int{2000, 2 << 20} {
			d, files, err := link.New(tr, link.Options{MaxPayload: 1000})
			if err != nil {
				t.Fatal(err)
			}
			w, err := link.Open(tr, files, link.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ended := serve(d, func(link.Frame) error { return nil })
			go w.Send(wire.Header{Kind: wire.Response}, make([]byte, n)) // blocks: no goroutine receives any more
			if err := await(t, "Serve", ended); !errors.Is(err, link.ErrCorrupt) {
				t.Errorf("%d bytes: %v", n, err)
			}
			d.Close()
			w.Close()
		}
	})
}

func TestFramesOfTheWrongKindEndTheLink(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		for k := range wire.Kind(64) {
			if k.Valid() && !k.ToWorker() {
				continue
			}
			d, w := pair(t, tr, link.Options{})
			ended := serve(d, func(link.Frame) error { t.Errorf("kind %d was delivered", k); return nil })
			w.Send(wire.Header{Kind: k}, nil)
			if err := await(t, "Serve", ended); !errors.Is(err, link.ErrCorrupt) {
				t.Errorf("kind %d: %v", k, err)
			}
			if err := d.Send(wire.Header{Kind: wire.Ping}, nil); !errors.Is(err, link.ErrClosed) {
				t.Errorf("sending over a broken link: %v", err)
			}
		}
		d, w := pair(t, tr, link.Options{})
		ended := serve(w, func(link.Frame) error { return nil })
		d.Send(wire.Header{Kind: wire.Response}, nil)
		if err := await(t, "Serve", ended); !errors.Is(err, link.ErrCorrupt) {
			t.Errorf("a response for the worker: %v", err)
		}
	})
}

func TestHandlersErrorEndsTheLink(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		mine := errors.New("unknown call")
		ended := serve(d, func(link.Frame) error { return mine })
		w.Send(wire.Header{Kind: wire.Response}, nil)
		if err := await(t, "Serve", ended); err != mine {
			t.Errorf("got %v", err)
		}
		if err := d.Send(wire.Header{Kind: wire.Ping}, nil); err != link.ErrClosed {
			t.Errorf("sending: %v", err)
		}
		if err := d.Serve(func(link.Frame) error { return nil }, nil); err == nil || err == io.EOF {
			t.Errorf("serving again: %v", err)
		}
	})
}

func TestCloseDeliversWhatWasSent(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		for i := range uint32(20) {
			if err := w.Send(wire.Header{Kind: wire.Response, Call: i}, pattern(int(i), 100)); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		n := uint32(0)
		ended := serve(d, func(f link.Frame) error {
			if f.Call != n || !bytes.Equal(f.Payload, pattern(int(n), 100)) {
				t.Errorf("got %d, want %d", f.Call, n)
			}
			n++
			return nil
		})
		if err := await(t, "Serve", ended); err != io.EOF || n != 20 {
			t.Errorf("%v after %d of 20 frames", err, n)
		}
		if err := w.Send(wire.Header{Kind: wire.Response}, nil); err != link.ErrClosed {
			t.Errorf("sending after Close: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
		if err := w.Serve(func(link.Frame) error { return nil }, nil); err != nil {
			t.Errorf("serving after Close: %v", err)
		}
	})
}

// TestEnds ends the link in every way while senders wait for space and
// receivers for frames.
func TestEnds(t *testing.T) {
	none := func(link.Frame) error { return nil }
	for _, how := range []struct {
		name string
		end  func(d, w link.Conn)
		want error // of the daemon's Serve
	}{
		{"close", func(d, w link.Conn) { d.Close() }, nil},
		{"hangup", func(d, w link.Conn) { d.Hangup() }, io.EOF},
		{"peer closes", func(d, w link.Conn) { w.Close() }, io.EOF},
	} {
		t.Run(how.name, func(t *testing.T) {
			each(t, func(t *testing.T, tr link.Transport) {
				d, w := pair(t, tr, link.Options{})
				ended := serve(d, none)
				const senders = 8
				sent := make(chan error, senders)
				full := make(chan struct{}, senders*10000)
				for range senders {
					go func() {
						for {
							if err := d.Send(wire.Header{Kind: wire.Request}, make([]byte, 100_000)); err != nil {
								sent <- err
								return
							}
							full <- struct{}{}
						}
					}()
				}
				for quiet := false; !quiet; { // until all of them wait: the worker does not serve
					select {
					case <-full:
					case <-time.After(50 * time.Millisecond):
						quiet = true
					}
				}
				how.end(d, w)
				if err := await(t, "Serve", ended); err != how.want {
					t.Errorf("Serve: %v, want %v", err, how.want)
				}
				for range senders {
					if err := await(t, "sender", sent); err != link.ErrClosed {
						t.Errorf("Send: %v", err)
					}
				}
				d.Hangup()
				d.Close()
				d.Hangup()
				d.Poll(0, func() bool { return false })
				if tr == link.SharedMemory && (d.Begin(1) || d.Revoke(1)) {
					t.Error("marks after Close")
				}
			})
		})
	}
}

func TestWorkerSeesItsDaemonClose(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		var received atomic.Int32
		ended := serve(w, func(link.Frame) error { received.Add(1); return nil })
		for d.Send(wire.Header{Kind: wire.Ping}, nil) == nil && received.Load() < 10 {
			runtime.Gosched()
		}
		time.Sleep(5 * time.Millisecond) // probably it sleeps by now; it must end either way
		d.Close()
		if err := await(t, "Serve", ended); err != io.EOF {
			t.Errorf("Serve: %v", err)
		}
	})
}

// TestCloseFromAHandler must not wait for itself.
func TestCloseFromAHandler(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		ended := serve(d, func(f link.Frame) error {
			d.Close()
			if err := d.Send(wire.Header{Kind: wire.Ping}, nil); err != link.ErrClosed {
				t.Errorf("sending after Close: %v", err)
			}
			return nil
		})
		for range 10 {
			w.Send(wire.Header{Kind: wire.Response}, []byte("x"))
		}
		if err := await(t, "Serve", ended); err != nil {
			t.Error(err)
		}
	})
}

// TestEverySenderGetsThrough runs many more senders than the ring has space
// for.
func TestEverySenderGetsThrough(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{Buffer: 64 << 10})
		const senders, each = 100, 50
		var got [senders]int
		finished := make(chan struct{})
		total := 0
		serve(w, func(f link.Frame) error {
			got[f.Call]++
			if total++; total == senders*each {
				close(finished)
			}
			return nil
		})
		var wg sync.WaitGroup
		for i := range senders {
			wg.Go(func() {
				for k := range each {
					if err := d.Send(wire.Header{Kind: wire.Request, Call: uint32(i)}, make([]byte, k*600)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		await(t, "frames", finished)
		wg.Wait()
		for i, n := range got {
			if n != each {
				t.Errorf("%d frames of sender %d", n, i)
			}
		}
	})
}

// The flags of this level are not the caller's, and files that cannot be opened
// are closed.
func TestSendSetsItsFlags(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		frames, h := collect(1)
		serve(w, h)
		if err := d.Send(wire.Header{Kind: wire.Request, Call: 5, Flags: wire.LinkFlags}, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if f := await(t, "frame", frames); f.Flags != 0 || string(f.Payload) != "x" {
			t.Errorf("got %+v", f)
		}
		r, w2, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := link.Open(tr, []*os.File{r, w2}, link.Options{}); err == nil {
			t.Error("two files were taken")
		}
		if r.Close() == nil || w2.Close() == nil {
			t.Error("files were left open")
		}
	})
}

func TestBadOptions(t *testing.T) {
	for _, o := range []link.Options{{Buffer: 1}, {Buffer: math.MaxInt32}, {MaxPayload: -1}, {MaxPayload: 1 << 40}} {
		if _, _, err := link.New(link.Socket, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, _, err := link.New(9, link.Options{}); err == nil {
		t.Error("unknown transport")
	}
	for _, tr := range append(transports(), 9) {
		if _, err := link.Open(tr, nil, link.Options{}); err == nil {
			t.Errorf("%v without files", tr)
		}
	}
}
