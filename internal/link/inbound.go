package link

import (
	"errors"
	"fmt"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/wire"
)

// inbound turns arriving frames into frames for the handler: it makes the
// checks of this level, extracts the timeout and joins pieces. The goroutine
// with the receiving role uses it.
type inbound struct {
	worker  bool  // this is the worker's end
	max     int64 // largest payload
	handler Handler
	lend    Lend    // may be nil
	memory  *region // memory of frames that are not owned; nil for a socket
	streams [wire.MaxStreams]join
}

// join is an unfinished payload.
type join struct {
	active bool
	h      wire.Header
	total  int
	got    int
	buf    []byte // what has arrived, unless loan
	loan   *Loan  // the memory for all of it, if its receiver lends some
}

// firstGrab bounds the first allocation for a payload in pieces, when only the
// first piece has announced its size.
const firstGrab = 4 << 20

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, a...))
}

// violation converts an error of package ring, or of a fault, to ErrCorrupt;
// other errors stay unchanged.
func violation(err error) error {
	if errors.Is(err, ring.ErrCorrupt) && !errors.Is(err, ErrCorrupt) {
		return corrupt("%w", err)
	}
	return err
}

// check checks a header as it arrived.
func (in *inbound) check(h wire.Header) error {
	if !h.Kind.Valid() {
		return corrupt("unknown kind %d", uint8(h.Kind))
	}
	if h.Kind.ToWorker() != in.worker {
		return corrupt("%v travels the other way", h.Kind)
	}
	if h.Flags&wire.More != 0 && h.Flags&wire.Piece == 0 || h.Flags&wire.LinkFlags > wire.More|wire.Timed|wire.Piece {
		return corrupt("%v with flags %#x", h.Kind, uint8(h.Flags))
	}
	if h.Flags&wire.Timed != 0 && h.Kind != wire.Request {
		return corrupt("%v with a timeout", h.Kind)
	}
	return nil
}

// frame handles one complete frame. owned says whether the handler may keep its
// bytes.
func (in *inbound) frame(word uint64, data []byte, owned bool) error {
	fail.Point("link.frame")
	h := wire.FromWord(word)
	if err := in.check(h); err != nil {
		return err
	}
	if h.Flags&wire.Piece != 0 {
		j, n, err := in.piece(&h, data, len(data))
		if err != nil {
			return err
		}
		j.add(data[n:])
		return in.deliver(j, h)
	}
	n, err := takeTimeout(&h, data)
	if err != nil {
		return err
	}
	if owned && n > 0 {
		data = data[:copy(data, data[n:])] // without its first bytes it would be shorter at each use
	} else {
		data = data[n:]
	}
	if limit := h.Kind.MaxPayload(in.max); int64(len(data)) > limit {
		return corrupt("%v with %d bytes, the limit is %d", h.Kind, len(data), limit)
	}
	h.Flags &^= wire.LinkFlags
	f := Frame{Header: h, Payload: data, Owned: owned}
	if !owned {
		f.memory = in.memory
	}
	return in.handler(f)
}

// takeTimeout moves the timeout, if the frame has one, from the beginning of
// its bytes into the header. It returns the number of bytes that it took.
func takeTimeout(h *wire.Header, data []byte) (int, error) {
	if h.Flags&wire.Timed == 0 {
		return 0, nil
	}
	d, err := wire.GetTimeout(data)
	if err != nil {
		return 0, corrupt("%v: %w", h.Kind, err)
	}
	h.Timeout = d
	return wire.TimeoutSize, nil
}

// piece handles the beginning of a piece of size bytes in total: prefix holds
// at least its prefix, or all of it. It returns the payload that the piece
// belongs to, and the length of the prefix; the caller must pass the rest of
// the piece to add, or put it into room, and then call deliver.
func (in *inbound) piece(h *wire.Header, prefix []byte, size int) (*join, int, error) {
	p, err := wire.GetPiece(prefix)
	if err != nil {
		return nil, 0, corrupt("%v: %w", h.Kind, err)
	}
	n, err := takeTimeout(h, prefix[wire.PieceSize:])
	if err != nil {
		return nil, 0, err
	}
	n += wire.PieceSize
	j := &in.streams[p.Stream]
	if !j.active {
		if limit := h.Kind.MaxPayload(in.max); int64(p.Total) > limit {
			return nil, 0, corrupt("%v with %d bytes in pieces, the limit is %d", h.Kind, p.Total, limit)
		}
		*j = join{active: true, h: *h, total: int(p.Total)}
		j.h.Flags &^= wire.LinkFlags
		if in.lend != nil {
			j.loan = in.lend(j.h, j.total)
		}
	} else {
		same := *h
		same.Flags &^= wire.LinkFlags
		same.Timeout = j.h.Timeout
		if h.Timeout != 0 || same != j.h || int(p.Total) != j.total {
			return nil, 0, corrupt("piece of %v (%d bytes) in a stream of %v (%d bytes)", *h, p.Total, j.h, j.total)
		}
	}
	body, left := size-n, j.total-j.got
	if last := h.Flags&wire.More == 0; body <= 0 || body > left || last != (body == left) {
		return nil, 0, corrupt("%v: piece of %d bytes, %d are left, last: %v", h.Kind, body, left, last)
	}
	return j, n, nil
}

// add appends a piece to the payload.
func (j *join) add(piece []byte) {
	if j.loan == nil {
		copy(j.room(len(piece)), piece)
		return
	}
	j.loan.put(j.got, piece)
	j.got += len(piece)
}

// room appends n bytes to a payload without a loan, and returns them, to be
// filled. The buffer grows with the bytes that have arrived.
func (j *join) room(n int) []byte {
	need := len(j.buf) + n
	if need > cap(j.buf) {
		grown := append(reuse.Get(min(j.total, max(need, 2*cap(j.buf), firstGrab))), j.buf...)
		reuse.Put(j.buf)
		j.buf = grown
	}
	j.buf, j.got = j.buf[:need], need
	return j.buf[need-n:]
}

// deliver passes the payload to the handler if h is the header of its last
// piece.
func (in *inbound) deliver(j *join, h wire.Header) error {
	if h.Flags&wire.More != 0 {
		fail.Point("link.joining")
		return nil
	}
	f := Frame{Header: j.h, Payload: j.buf, Owned: true}
	if j.loan != nil {
		f.Payload = j.loan.payload(j.total)
	}
	*j = join{}
	return in.handler(f)
}
