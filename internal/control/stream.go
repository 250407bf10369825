package control

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// serveStream sends the answer of a path whose body comes piece by piece. The
// connection is closed after it.
func (c *conn) serveStream(ctx context.Context, h *head, r *response) {
	if why, ends := c.enter(streaming, 0).(*refusal); ends {
		_ = c.respond(h, why.response(false), true)
		c.linger()
		return
	}
	if h.method == "HEAD" {
		_ = c.write(append(preamble(r.status, "", r.kind, append(r.header, "Connection", "close")), "\r\n"...))
		return
	}
	defer c.watch(c.cancel)()
	body, err := c.beginBody(h, r.status, r.kind, r.header, r.beat)
	if err != nil {
		return
	}
	defer body.abandon() // also after a panic, which ends the connection
	if err := r.stream(ctx, body.write); err != nil {
		return
	}
	body.end()
	c.linger()
}

// body is that of an answer whose length is not known when it begins. A client
// of HTTP/1.0 takes the end of the connection for its end.
type body struct {
	c       *conn
	chunked bool
	beat    *time.Timer // nil: it may be silent

	mu    sync.Mutex
	ended bool
	line  []byte // used again for each short piece
}

// beginBody sends the head of an answer. quiet is sent while the body is silent
// for Limits.Heartbeat, unless it is empty. The caller must call abandon.
func (c *conn) beginBody(h *head, status int, kind string, header []string, quiet []byte) (*body, error) {
	b := &body{c: c, chunked: h.minor > 0}
	header = append(header[:len(header):len(header)], "Connection", "close")
	if b.chunked {
		header = append(header, "Transfer-Encoding", "chunked")
	}
	if err := c.write(append(preamble(status, "", kind, header), "\r\n"...)); err != nil {
		return nil, err
	}
	if len(quiet) > 0 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.beat = time.AfterFunc(c.server.limits.Heartbeat, func() { _ = b.write(quiet) })
	}
	return b, nil
}

// write sends a piece at once.
func (b *body) write(piece []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return errGone
	}
	if b.beat != nil {
		b.beat.Reset(b.c.server.limits.Heartbeat)
	}
	if len(piece) == 0 {
		return nil // an empty chunk would be the end
	}
	if !b.chunked {
		return b.c.write(piece)
	}
	b.line = strconv.AppendInt(b.line[:0], int64(len(piece)), 16)
	if len(piece) > freeMemory {
		return b.c.write(append(b.line, "\r\n"...), piece, []byte("\r\n"))
	}
	b.line = append(append(append(b.line, "\r\n"...), piece...), "\r\n"...)
	return b.c.write(b.line)
}

// abandon writes nothing more: the client sees that the body is not whole.
func (b *body) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.beat != nil {
		b.beat.Stop()
	}
}

// end ends the body.
func (b *body) end() {
	b.abandon()
	if b.chunked {
		_ = b.c.write([]byte("0\r\n\r\n"))
	}
}
