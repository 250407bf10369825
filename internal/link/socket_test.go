package link_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// rawSocket makes a daemon's end and gives the test the worker's file.
func rawSocket(t *testing.T) (link.Conn, *os.File) {
	t.Helper()
	d, files, err := link.New(link.Socket, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(); files[0].Close() })
	return d, files[0]
}

// raw returns a frame as it travels.
func raw(h wire.Header, size int, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(size))
	return append(binary.LittleEndian.AppendUint64(b, h.Word()), data...)
}

// A frame is what its head says, however its bytes come: what is there of the
// next one does not complete it.
func TestFramesInParts(t *testing.T) {
	d, w := rawSocket(t)
	got := make(chan string, 3)
	serve(d, func(f link.Frame) error { got <- string(f.Payload); return nil })
	answer := wire.Header{Kind: wire.Response, Call: 1}
	first, second := raw(answer, 5, []byte("first")), raw(answer, 6, []byte("second"))
	for _, cut := range []int{1, 4, 11, 12, 13, len(second) - 1} {
		w.Write(append(bytes.Clone(first), second[:cut]...))
		if s := await(t, "the first frame", got); s != "first" {
			t.Fatalf("got %q", s)
		}
		w.Write(second[cut:])
		if s := await(t, "the second frame", got); s != "second" {
			t.Fatalf("cut after %d bytes: got %q", cut, s)
		}
	}
}

// A frame that its worker could not finish is not delivered.
func TestUnfinishedFrames(t *testing.T) {
	answer := wire.Header{Kind: wire.Response, Call: 1}
	piece := answer
	piece.Flags = wire.Piece
	head := make([]byte, wire.PieceSize)
	wire.PieceHead{Total: 100_000}.Put(head)
	for name, bytes := range map[string][]byte{
		"within a head":  raw(answer, 3, nil)[:11],
		"a small one":    raw(answer, 3, []byte("ab")),
		"a large one":    raw(answer, 100_000, make([]byte, 99_999)),
		"a piece":        raw(piece, 100_000+len(head), append(head, make([]byte, 99_999)...)),
		"a piece's head": raw(piece, 100_000+len(head), head),
	} {
		d, w := rawSocket(t)
		ended := serve(d, func(f link.Frame) error {
			t.Errorf("%s: delivered %d bytes", name, len(f.Payload))
			return nil
		})
		w.Write(bytes)
		w.Close()
		if err := await(t, "Serve", ended); err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The largest frame that is accepted has 256 KiB.
func TestLargestFrame(t *testing.T) {
	const largest = 256 << 10
	for _, n := range []int{largest, largest + 1} {
		d, w := rawSocket(t)
		got := 0
		ended := serve(d, func(f link.Frame) error { got = len(f.Payload); return nil })
		go func() {
			w.Write(raw(wire.Header{Kind: wire.Response, Call: 1}, n, make([]byte, n)))
			w.Close()
		}()
		err := await(t, "Serve", ended)
		if n == largest && (err != io.EOF || got != n) || n > largest && (!errors.Is(err, link.ErrCorrupt) || got != 0) {
			t.Errorf("a frame of %d bytes: %v, %d bytes delivered", n, err, got)
		}
	}
}

// What a dead worker has sent is delivered, although a process that it started
// still holds its socket, and even sends; but that does not go on for ever.
func TestHangupReadsWhatIsThere(t *testing.T) {
	log := raw(wire.Header{Kind: wire.Log}, 1000, make([]byte, 1000))
	const frames = 20
	d, w := rawSocket(t)
	for range frames {
		w.Write(log)
	}
	d.Hangup()
	got := 0
	if err := await(t, "Serve", serve(d, func(link.Frame) error { got++; return nil })); err != io.EOF || got != frames {
		t.Errorf("%v after %d of %d frames", err, got, frames)
	}

	d, w = rawSocket(t)
	begun := make(chan struct{}, 1)
	ended := serve(d, func(link.Frame) error {
		select {
		case begun <- struct{}{}:
		default:
		}
		return nil
	})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			if _, err := w.Write(log); err != nil {
				return
			}
		}
	}()
	await(t, "a frame", begun)
	d.Hangup()
	if err := await(t, "Serve", ended); err != io.EOF {
		t.Error(err)
	}
	d.Close()
	await(t, "the end of the other process's writes", stopped)
}

// Nor is anything lost of a worker whose death is noticed just when Serve waits
// for its next frame.
func TestHangupWhileServeWaits(t *testing.T) {
	log := raw(wire.Header{Kind: wire.Log}, 1000, make([]byte, 1000))
	for range 200 {
		d, w := rawSocket(t)
		got := 0
		begun := make(chan struct{}, 2)
		ended := serve(d, func(link.Frame) error { got++; begun <- struct{}{}; return nil })
		w.Write(log)
		await(t, "a frame", begun)
		w.Write(log)
		d.Hangup()
		w.Close()
		if err := await(t, "Serve", ended); err != io.EOF || got != 2 {
			t.Fatalf("%v after %d of 2 frames", err, got)
		}
		d.Close()
	}
}
