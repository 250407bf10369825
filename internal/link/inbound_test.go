package link

import (
	"errors"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// Payloads are accepted up to the limit, to the byte, and the pieces of one
// payload must agree.
func TestInbound(t *testing.T) {
	type part struct {
		flags   wire.Flags
		total   int // of a piece; 0 = not a piece
		timeout time.Duration
		body    int
	}
	const limit = 100
	const more = wire.Piece | wire.More
	for name, test := range map[string]struct {
		parts []part
		want  int // bytes that the handler gets; -1 = a breach of protocol
	}{
		"at the limit":                     {[]part{{body: limit}}, limit},
		"above it":                         {[]part{{body: limit + 1}}, -1},
		"with a timeout":                   {[]part{{flags: wire.Timed, timeout: time.Second, body: limit}}, limit},
		"pieces at the limit":              {[]part{{more, limit, 0, 60}, {wire.Piece, limit, 0, limit - 60}}, limit},
		"pieces above it":                  {[]part{{more, limit + 1, 0, 60}, {wire.Piece, limit + 1, 0, limit - 59}}, -1},
		"pieces that disagree":             {[]part{{more, 90, 0, 60}, {wire.Piece, 91, 0, 30}}, -1},
		"pieces with a timeout":            {[]part{{more | wire.Timed, 90, time.Second, 60}, {wire.Piece, 90, 0, 30}}, 90},
		"pieces with a timeout at the end": {[]part{{more, 90, 0, 60}, {wire.Piece | wire.Timed, 90, time.Second, 30}}, -1},
		"too few bytes":                    {[]part{{more, 90, 0, 60}, {wire.Piece, 90, 0, 29}}, -1},
		"too many":                         {[]part{{more, 90, 0, 60}, {wire.Piece, 90, 0, 31}}, -1},
	} {
		for _, owned := range []bool{false, true} {
			got, memory := -1, &region{}
			in := inbound{worker: true, max: limit, memory: memory}
			in.handler = func(f Frame) error {
				if got = len(f.Payload); f.Flags&wire.LinkFlags != 0 || (f.memory == memory) == f.Owned {
					t.Errorf("%s: %+v", name, f)
				}
				return nil
			}
			var err error
			for _, p := range test.parts {
				var data []byte
				if p.total > 0 {
					data = make([]byte, wire.PieceSize)
					wire.PieceHead{Total: uint32(p.total)}.Put(data)
				}
				if p.timeout > 0 {
					data = append(data, make([]byte, wire.TimeoutSize)...)
					wire.PutTimeout(data[len(data)-wire.TimeoutSize:], p.timeout)
				}
				h := wire.Header{Kind: wire.Request, Flags: p.flags, Call: 7}
				if err = in.frame(h.Word(), append(data, make([]byte, p.body)...), owned); err != nil {
					break
				}
			}
			if breach := errors.Is(err, ErrCorrupt); got != test.want || breach != (test.want < 0) {
				t.Errorf("%s: got %d bytes, %v", name, got, err)
			}
		}
	}
}

// The memory of an owned payload is whole, so that it can be used again for one
// of the same size.
func TestOwnedPayloadIsWhole(t *testing.T) {
	var got Frame
	in := inbound{worker: true, max: 100, handler: func(f Frame) error { got = f; return nil }}
	data := make([]byte, wire.TimeoutSize, wire.TimeoutSize+7)
	wire.PutTimeout(data, 5)
	data = append(data, "payload"...)
	h := wire.Header{Kind: wire.Request, Flags: wire.Timed, Call: 7}
	if err := in.frame(h.Word(), data, true); err != nil {
		t.Fatal(err)
	}
	if string(got.Payload) != "payload" || got.Timeout != 5 || cap(got.Payload) != cap(data) {
		t.Errorf("%q with %v, room for %d of %d bytes", got.Payload, got.Timeout, cap(got.Payload), cap(data))
	}
}
