package link

import (
	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/wire"
)

// prefix is the part of a frame before the payload: a piece head, a timeout,
// both or neither.
type prefix struct {
	n int
	b [prefixSize]byte
}

const prefixSize = wire.PieceSize + wire.TimeoutSize

func (p *prefix) piece(h wire.PieceHead) {
	h.Put(p.b[p.n:])
	p.n += wire.PieceSize
}

// timeout adds h's timeout, if it has one, and sets its Timed flag.
func (p *prefix) timeout(h *wire.Header) {
	if h.Timeout > 0 {
		wire.PutTimeout(p.b[p.n:], h.Timeout)
		p.n += wire.TimeoutSize
		h.Flags |= wire.Timed
	}
}

// carrier sends one frame: the header's word, the prefix, the body.
type carrier interface {
	carry(word uint64, p prefix, body []byte) error
}

// splitter sends payloads that are too large for one frame, in pieces.
type splitter struct {
	whole   int         // bytes of the largest payload that is not split
	piece   int         // bytes of payload in each piece
	streams chan uint32 // the free piece streams
}

// newSplitter makes a splitter for frames with at most frame bytes.
func newSplitter(frame int) splitter {
	room := frame - prefixSize
	s := splitter{whole: min(maxWhole, room), piece: min(maxPiece, room), streams: make(chan uint32, wire.MaxStreams)}
	for i := range uint32(wire.MaxStreams) {
		s.streams <- i
	}
	return s
}

// send blocks until a piece stream is free; waiting senders get them in order
// of arrival. A stream is busy only while its pieces are being sent, and ends
// with an error when the link does.
func (s *splitter) send(c carrier, h wire.Header, payload []byte) error {
	stream := <-s.streams
	defer func() { s.streams <- stream }()
	head := wire.PieceHead{Stream: stream, Total: uint32(len(payload))}
	h.Flags |= wire.Piece
	for first := true; len(payload) > 0; first = false {
		n := min(len(payload), s.piece)
		var p prefix
		p.piece(head)
		ph := h
		if first {
			p.timeout(&ph)
		}
		if n < len(payload) {
			ph.Flags |= wire.More
		}
		if err := c.carry(ph.Word(), p, payload[:n]); err != nil {
			return err
		}
		payload = payload[n:]
		fail.Point("link.splitting")
	}
	return nil
}

// checkSize refuses a payload that the peer would not accept.
func checkSize(n int, limit int64) error {
	if int64(n) > limit {
		return &wire.TooLarge{Size: int64(n), Limit: limit}
	}
	return nil
}
