package link

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
)

// pieceOf returns the bytes of one piece.
func pieceOf(stream, total int, body string) []byte {
	b := make([]byte, wire.PieceSize)
	wire.PieceHead{Stream: uint32(stream), Total: uint32(total)}.Put(b)
	return append(b, body...)
}

// A payload in pieces goes into the memory that its receiver lends, and into no
// memory that was taken back.
func TestLoan(t *testing.T) {
	for _, test := range []struct {
		name   string
		taken  int // the memory is taken back after this many pieces
		memory string
		want   string
	}{
		{"lent to the end", 9, "abcdefgh.", "abcdefgh"},
		{"taken back in between", 1, "abc......", ""},
		{"taken back at once", 0, ".........", ""},
	} {
		memory := []byte(".........")
		var loan *Loan
		var got []byte
		in := inbound{max: 100, memory: &region{}}
		in.handler = func(f Frame) error { got = f.Payload; return nil }
		in.lend = func(h wire.Header, n int) *Loan {
			if h.Call != 7 || n != 8 || loan != nil {
				t.Errorf("%s: asked for %d bytes for call %d", test.name, n, h.Call)
			}
			loan = NewLoan(memory[:0])
			if test.taken == 0 {
				loan.End()
			}
			return loan
		}
		for i, body := range []string{"abc", "def", "gh"} {
			h := wire.Header{Kind: wire.Response, Flags: wire.Piece | wire.More, Call: 7}
			if i == 2 {
				h.Flags = wire.Piece
			}
			if err := in.frame(h.Word(), pieceOf(0, 8, body), false); err != nil {
				t.Fatal(err)
			}
			if i+1 == test.taken {
				loan.End()
				loan.End()
			}
		}
		loan.End() // the payload has arrived
		if string(got) != test.want || string(memory) != test.memory {
			t.Errorf("%s: got %q, the memory holds %q", test.name, got, memory)
		}
		if test.want != "" && (&got[0] != &memory[0] || cap(got) != cap(memory)) {
			t.Errorf("%s: it was copied, or has lost room", test.name)
		}
	}
}

// The buffer of a payload grows with what has arrived, and the memory that it
// has outgrown is used again.
func TestRoom(t *testing.T) {
	(*Loan)(nil).End() // lends nothing
	synctest.Test(t, func(t *testing.T) {
		const total = firstGrab + firstGrab/2
		j := join{total: total}
		first := &j.room(1)[0]
		if cap(j.buf) != firstGrab {
			t.Errorf("room for %d bytes after the first", cap(j.buf))
		}
		if j.room(firstGrab - 1); &j.buf[0] != first {
			t.Error("it has moved although there was room")
		}
		j.room(total - firstGrab)
		if &j.buf[0] == first || len(j.buf) != total || cap(j.buf) != total {
			t.Errorf("%d bytes with room for %d, of %d", len(j.buf), cap(j.buf), total)
		}
		if b := reuse.Get(firstGrab)[:1]; &b[0] != first {
			t.Error("the memory that it has outgrown is lost")
		}
		time.Sleep(3 * reuse.Idle) // its timer must end with the bubble
	})
}

// Two payloads for one call have different memory, and each is complete.
func TestOneLoan(t *testing.T) {
	memory := make([]byte, 6)
	lent := false
	var got []string
	in := inbound{max: 100, memory: &region{}}
	in.handler = func(f Frame) error {
		got = append(got, string(f.Payload))
		if (&f.Payload[0] == &memory[0]) != (f.Payload[0] == 'a') {
			t.Errorf("%q has the wrong memory", f.Payload)
		}
		return nil
	}
	in.lend = func(wire.Header, int) *Loan {
		if lent {
			return nil
		}
		lent = true
		return NewLoan(memory)
	}
	h := wire.Header{Kind: wire.Response, Flags: wire.Piece | wire.More, Call: 7}
	last := h
	last.Flags = wire.Piece
	for _, p := range []struct {
		h      wire.Header
		stream int
		body   string
	}{{h, 0, "aaa"}, {h, 1, "bbb"}, {last, 1, "BBB"}, {last, 0, "AAA"}} {
		if err := in.frame(p.h.Word(), pieceOf(p.stream, 6, p.body), false); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 2 || got[0] != "bbbBBB" || got[1] != "aaaAAA" || !bytes.Equal(memory, []byte("aaaAAA")) {
		t.Errorf("got %q", got)
	}
}
