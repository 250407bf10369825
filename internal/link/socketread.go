package link

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
)

const (
	// readAhead is how many bytes are read at a time. Frames that fit are handled
	// in place; larger ones are read directly into their final memory.
	readAhead = 32 << 10
	// grace is how long a reader waits for more after Hangup: a dead peer's bytes
	// have arrived already, and so has the end of the stream, unless a process that
	// the peer has started still holds its socket.
	grace = 10 * time.Millisecond
	// leftover bounds the bytes read after Hangup: more than a socket can hold.
	leftover = 16 << 20
)

var past = time.Unix(1, 0)

// reader is the receiving side of a socket. Only Serve uses it.
type reader struct {
	buf      []byte
	from, to int  // the unread part of buf
	last     int  // bytes read after Hangup
	kicked   bool // Hangup's deadline was noticed
}

// receive delivers frames until the stream ends, which returns nil, or violates
// the protocol, or the handler fails.
func (c *socket) receive() error {
	r := &c.reader
	r.buf = make([]byte, readAhead)
	for {
		if !c.need(frameHead) {
			return nil
		}
		size := binary.LittleEndian.Uint32(r.buf[r.from:])
		word := binary.LittleEndian.Uint64(r.buf[r.from+4:])
		r.from += frameHead
		if size > maxFrame {
			return corrupt("frame of %d bytes, the largest is %d", size, maxFrame)
		}
		ok, err := c.take(word, int(size))
		if err != nil || !ok {
			return err
		}
		if c.closed.Load() {
			return nil
		}
	}
}

// take reads the size bytes of a frame and delivers it. It reports false if the
// stream ends first.
func (c *socket) take(word uint64, size int) (bool, error) {
	r := &c.reader
	if size <= readAhead {
		if !c.need(size) {
			return false, nil
		}
		data := r.buf[r.from : r.from+size : r.from+size]
		r.from += size
		return true, c.in.frame(word, data, false)
	}
	h := wire.FromWord(word)
	if err := c.in.check(h); err != nil {
		return false, err
	}
	if h.Flags&wire.Piece == 0 {
		data := reuse.Get(size)[:size]
		if !c.fill(data) {
			return false, nil
		}
		return true, c.in.frame(word, data, true)
	}
	var p prefix
	if !c.need(len(p.b)) {
		return false, nil
	}
	j, n, err := c.in.piece(&h, r.buf[r.from:r.from+len(p.b)], size)
	if err != nil {
		return false, err
	}
	r.from += n
	if !c.fill(j.room(size - n)) {
		return false, nil
	}
	return true, c.in.deliver(j, h)
}

// need makes n bytes, at most readAhead, available at from.
func (c *socket) need(n int) bool {
	r := &c.reader
	if r.from == r.to {
		r.from, r.to = 0, 0
	}
	if r.from+n > len(r.buf) {
		r.to = copy(r.buf, r.buf[r.from:r.to])
		r.from = 0
	}
	for r.to-r.from < n {
		got, err := c.read(r.buf[r.to:])
		if err != nil {
			return false
		}
		r.to += got
	}
	return true
}

// fill fills b with the next bytes of the stream.
func (c *socket) fill(b []byte) bool {
	r := &c.reader
	n := copy(b, r.buf[r.from:r.to])
	r.from += n
	for n < len(b) {
		got, err := c.read(b[n:])
		if err != nil {
			return false
		}
		n += got
	}
	return true
}

// read reads the available bytes. After Hangup it stops waiting, but first
// reads everything that the dead peer has sent.
func (c *socket) read(b []byte) (int, error) {
	r := &c.reader
	for {
		if c.hung.Load() {
			if r.last > leftover {
				return 0, io.EOF
			}
			c.f.SetReadDeadline(time.Now().Add(grace))
		}
		n, err := c.f.Read(b)
		if c.hung.Load() {
			r.last += n
			if errors.Is(err, os.ErrDeadlineExceeded) && !r.kicked {
				r.kicked = true
				continue
			}
		}
		return n, err
	}
}
