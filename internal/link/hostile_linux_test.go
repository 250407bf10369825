package link_test

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// hostile makes a daemon's end and gives the test the worker's part: the memory
// and the bells.
func hostile(t *testing.T, o link.Options) (d link.Conn, mem []byte, bell, space *shm.Bell, free func()) {
	t.Helper()
	d, files, err := link.New(link.SharedMemory, o)
	if err != nil {
		t.Fatal(err)
	}
	mem, err = shm.Map(files[0])
	if err != nil {
		t.Fatal(err)
	}
	files[0].Close()
	bell, err = shm.OpenBell(files[1:3])
	if err != nil {
		t.Fatal(err)
	}
	space, err = shm.OpenBell(files[3:])
	if err != nil {
		t.Fatal(err)
	}
	return d, mem, bell, space, func() {
		d.Close()
		bell.Close()
		space.Close()
		shm.Unmap(mem)
	}
}

// toDaemon returns the ring of the worker's frames, the last part of the
// segment. See PROTOCOL.md.
func toDaemon(mem []byte) ([]byte, ring.Geometry) {
	g := ring.Geometry{Cells: int(binary.LittleEndian.Uint32(mem[12:])), Bulk: int(binary.LittleEndian.Uint32(mem[16:]))}
	const page = 4096
	return mem[len(mem)-(g.Size()+page-1)/page*page:], g
}

// TestScribbler: a worker writes random words all over the memory, and rings,
// while the daemon's end sends, polls, revokes and serves. There must be no
// panic and no large allocation, and Close ends everything.
func TestScribbler(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	broken := 0
	for i := range 60 {
		d, mem, bell, space, free := hostile(t, link.Options{Buffer: 64 << 10, MaxPayload: 1 << 20})
		ended := serve(d, func(link.Frame) error { return nil })
		stop := make(chan struct{})
		var scribblers, users sync.WaitGroup
		scribblers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			inbound, _ := toDaemon(mem)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				where := mem
				switch rng.IntN(4) {
				case 0:
					where = inbound[:512+64*32] // its header and first cells
				case 1:
					where = mem[4096+16384:][:512+64*32] // header and first cells of the other ring
				}
				w := (*uint64)(unsafe.Pointer(&where[rng.IntN(len(where)/8)*8]))
				switch v := rng.Uint64(); rng.IntN(4) {
				case 0:
					atomic.StoreUint64(w, v)
				case 1:
					atomic.StoreUint64(w, v>>(v&63)) // small numbers
				case 2:
					atomic.StoreUint64(w, 0)
				case 3:
					atomic.StoreUint64(w, v&0xffff<<32|1<<31|v>>48&31) // looks like a record
				}
				if n%64 == 0 {
					bell.Ring()
					space.Ring()
					time.Sleep(time.Microsecond)
				}
			}
		})
		for k := range 3 {
			users.Go(func() {
				for gen := uint32(1); ; gen++ {
					call := wire.CallID(uint8(k), gen)
					if d.Send(wire.Header{Kind: wire.Request, Call: call, Timeout: 1}, make([]byte, k*60_000)) != nil {
						return
					}
					d.Poll(0, func() bool { return gen%5 == 0 })
					d.Revoke(call)
				}
			})
		}
		var err error
		select {
		case err = <-ended:
		case <-time.After(20 * time.Millisecond):
			d.Close()
			err = await(t, "Serve", ended)
		}
		if errors.Is(err, link.ErrCorrupt) {
			broken++
		} else if err != nil && err != io.EOF { // a random word may have been a goodbye
			t.Errorf("Serve: %v", err)
		}
		d.Close()
		within(t, "senders", users.Wait)
		close(stop)
		scribblers.Wait()
		free()
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 256<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	if broken == 0 {
		t.Error("no corruption was noticed")
	}
	t.Logf("%d of 60 links were found corrupt", broken)
}

// TestLiar: a worker keeps the ring's rules, but sends invalid frames.
func TestLiar(t *testing.T) {
	piece := func(stream, total uint32, n int) []byte {
		b := make([]byte, wire.PieceSize+n)
		wire.PieceHead{Stream: stream, Total: total}.Put(b)
		return b
	}
	word := func(k wire.Kind, fl wire.Flags, call uint32) uint64 {
		return wire.Header{Kind: k, Flags: fl, Call: call}.Word()
	}
	type frame struct {
		word uint64
		data []byte
	}
	const p, m = wire.Piece, wire.Piece | wire.More
	for _, lie := range []struct {
		name   string
		frames []frame
	}{
		{"kind 0", []frame{{0, nil}}},
		{"timeout without bytes", []frame{{word(wire.Response, wire.Timed, 1), nil}}},
		{"a timed response", []frame{{word(wire.Response, wire.Timed, 1), make([]byte, 8)}}},
		{"more without piece", []frame{{word(wire.Response, wire.More, 1), nil}}},
		{"a flag that is not there", []frame{{word(wire.Response, 8, 1), nil}}},
		{"piece without a head", []frame{{word(wire.Response, p, 1), make([]byte, 7)}}},
		{"piece of an unknown stream", []frame{{word(wire.Response, m, 1), piece(wire.MaxStreams, 1000, 10)}}},
		{"total beyond the limit", []frame{{word(wire.Response, m, 1), piece(0, 4<<20+1, 10)}}},
		{"log record that is too large", []frame{{word(wire.Log, m, 0), piece(0, wire.MaxAside+1, 10)}}},
		{"total of 4 GiB", []frame{{word(wire.Response, m, 1), piece(0, 1<<32-1, 10)}}},
		{"empty piece", []frame{{word(wire.Response, m, 1), piece(0, 100, 0)}}},
		{"more than the total", []frame{{word(wire.Response, m, 1), piece(0, 100, 101)}}},
		{"all but more to come", []frame{{word(wire.Response, m, 1), piece(0, 100, 100)}}},
		{"last but not all", []frame{{word(wire.Response, p, 1), piece(0, 100, 99)}}},
		{"another call's piece", []frame{{word(wire.Response, m, 1), piece(2, 100, 50)}, {word(wire.Response, p, 2), piece(2, 100, 50)}}},
		{"another total", []frame{{word(wire.Response, m, 1), piece(2, 100, 50)}, {word(wire.Response, p, 1), piece(2, 101, 51)}}},
	} {
		t.Run(lie.name, func(t *testing.T) {
			d, mem, bell, _, free := hostile(t, link.Options{MaxPayload: 4 << 20})
			defer free()
			ended := serve(d, func(f link.Frame) error {
				t.Errorf("delivered %v with %d bytes", f.Header, len(f.Payload))
				return nil
			})
			out, err := ring.NewProducer(toDaemon(mem))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range lie.frames {
				s, ok, err := out.Reserve(len(f.data))
				if !ok || err != nil {
					t.Fatal(ok, err)
				}
				copy(s.Buf, f.data)
				out.Commit(s, f.word)
				bell.Ring()
			}
			if err := await(t, "Serve", ended); !errors.Is(err, link.ErrCorrupt) {
				t.Errorf("Serve: %v", err)
			}
		})
	}
}

// TestPromisesCostNothing: many payloads are announced as large, but few bytes
// arrive.
func TestPromisesCostNothing(t *testing.T) {
	d, mem, bell, _, free := hostile(t, link.Options{MaxPayload: wire.HardMaxPayload})
	defer free()
	behind := make(chan wire.Kind, 1)
	serve(d, func(f link.Frame) error { behind <- f.Kind; return nil })
	out, err := ring.NewProducer(toDaemon(mem))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range uint32(wire.MaxStreams) {
		s, _, _ := out.Reserve(wire.PieceSize + 1)
		wire.PieceHead{Stream: i, Total: wire.HardMaxPayload}.Put(s.Buf)
		out.Commit(s, wire.Header{Kind: wire.Response, Flags: wire.Piece | wire.More, Call: i}.Word())
	}
	s, _, _ := out.Reserve(0)
	out.Commit(s, wire.Header{Kind: wire.Pong}.Word())
	bell.Ring()
	if kind := await(t, "frame behind the pieces", behind); kind != wire.Pong {
		t.Fatalf("a %v is complete", kind)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d MiB for %d bytes", n>>20, wire.MaxStreams)
	}
}

// TestHangupDeliversBehindAHole: a worker dies while it writes one answer,
// after it has written the next.
func TestHangupDeliversBehindAHole(t *testing.T) {
	d, mem, bell, _, free := hostile(t, link.Options{})
	defer free()
	var got []uint32
	ended := serve(d, func(f link.Frame) error { got = append(got, f.Call); return nil })
	out, err := ring.NewProducer(toDaemon(mem))
	if err != nil {
		t.Fatal(err)
	}
	for call, n := range []int{100, 5000, 100_000, 10} {
		s, _, _ := out.Reserve(n)
		out.Announce(s)
		if call%2 == 1 {
			out.Commit(s, wire.Header{Kind: wire.Response, Call: uint32(call)}.Word())
		}
	}
	bell.Ring()
	d.Hangup()
	if err := await(t, "Serve", ended); err != io.EOF {
		t.Error(err)
	}
	if len(got) != 2 || got[0] != 1 || got[1] != 3 {
		t.Errorf("delivered %v, want [1 3]", got)
	}
}

// TestMarkThatNeverStandsStill: the worker changes a mark all the time, and
// Revoke gives up.
func TestMarkThatNeverStandsStill(t *testing.T) {
	d, mem, _, _, free := hostile(t, link.Options{})
	defer free()
	stop := make(chan struct{})
	var w sync.WaitGroup
	w.Go(func() {
		for i := uint32(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				atomic.StoreUint32((*uint32)(unsafe.Pointer(&mem[4096])), i)
			}
		}
	})
	within(t, "Revoke", func() {
		for gen := range uint32(100_000) {
			d.Revoke(wire.CallID(0, gen))
		}
	})
	close(stop)
	w.Wait()
}

// FuzzSocketStream uses the input as a worker's stream to its socket.
func FuzzSocketStream(f *testing.F) {
	frame := func(size uint32, h wire.Header, data []byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, size)
		b = binary.LittleEndian.AppendUint64(b, h.Word())
		return append(b, data...)
	}
	f.Add(frame(3, wire.Header{Kind: wire.Response, Call: 7}, []byte("abc")))
	f.Add(frame(1<<30, wire.Header{Kind: wire.Response}, nil))
	f.Add(frame(100_000, wire.Header{Kind: wire.Item}, make([]byte, 60_000)))
	f.Add(frame(12, wire.Header{Kind: wire.Item, Flags: wire.Piece}, []byte{1, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, files, err := link.New(link.Socket, link.Options{MaxPayload: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ended := serve(d, func(f link.Frame) error {
			if !f.Kind.Valid() || f.Kind.ToWorker() || f.Flags&wire.LinkFlags != 0 || len(f.Payload) > 1<<20 {
				t.Errorf("delivered %+v", f.Header)
			}
			return nil
		})
		go func(w *os.File) {
			w.Write(in)
			w.Close()
		}(files[0])
		if err := await(t, "Serve", ended); err != io.EOF && !errors.Is(err, link.ErrCorrupt) {
			t.Fatal(err)
		}
		d.Close()
	})
}
