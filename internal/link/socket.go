package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// socket is one end of a link over a stream socket. Each frame is a length, a
// header's word, and that many bytes. One goroutine writes at a time; Go's
// mutex serves waiting goroutines in order once one has waited for a
// millisecond.
type socket struct {
	f     *os.File // non-blocking, in the poller
	max   int64
	split splitter
	in    inbound

	mu   sync.Mutex // held while a frame is written
	out  []byte     // buffer in which small frames are assembled
	dead error      // why no more can be sent; set once a frame may have been written in part

	closed, hung, serving atomic.Bool
	reader                reader
}

const (
	frameHead = 12       // u32 length of the rest after the head, u64 word
	gather    = 16 << 10 // frames up to this size are written with one call
)

func newSocket(o Options) (Conn, []*os.File, error) {
	mine, theirs, err := shm.Socketpair("legion link")
	if err != nil {
		return nil, nil, fmt.Errorf("new link: %w", err)
	}
	c, err := makeSocket(mine, o, false)
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("new link: %w", err)
	}
	return c, []*os.File{theirs}, nil
}

func openSocket(files []*os.File, o Options) (Conn, error) {
	if len(files) != 1 {
		closeAll(files)
		return nil, fmt.Errorf("open link: %d inherited files, want 1", len(files))
	}
	c, err := makeSocket(files[0], o, true)
	if err != nil {
		return nil, fmt.Errorf("open link: %w", err)
	}
	return c, nil
}

func makeSocket(f *os.File, o Options, worker bool) (*socket, error) {
	f, err := shm.Pollable(f)
	if err != nil {
		return nil, err
	}
	return &socket{
		f: f, max: o.MaxPayload,
		split: newSplitter(maxFrame),
		in:    inbound{worker: worker, max: o.MaxPayload},
	}, nil
}

func (c *socket) Send(h wire.Header, payload []byte) error {
	if err := checkSize(len(payload), h.Kind.MaxPayload(c.max)); err != nil {
		return err
	}
	h.Flags &^= wire.LinkFlags
	if len(payload) > c.split.whole {
		return c.split.send(c, h, payload)
	}
	var p prefix
	p.timeout(&h)
	return c.carry(h.Word(), p, payload)
}

// carry writes one frame. It implements carrier.
func (c *socket) carry(word uint64, p prefix, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil || c.closed.Load() || c.hung.Load() {
		return ErrClosed
	}
	b := binary.LittleEndian.AppendUint32(c.out[:0], uint32(p.n+len(body)))
	b = binary.LittleEndian.AppendUint64(b, word)
	b = append(b, p.b[:p.n]...)
	small := len(b)+len(body) <= gather
	if small {
		b = append(b, body...)
	}
	c.out = b
	_, err := c.f.Write(b)
	if err == nil && !small {
		fail.Point("link.write")
		_, err = c.f.Write(body)
	}
	if err != nil {
		c.dead = err
		return ErrClosed
	}
	return nil
}

func (c *socket) Serve(h Handler, _ Lend) error {
	if c.serving.Swap(true) {
		return errors.New("serve a link: already served")
	}
	c.in.handler = h
	err := c.receive()
	if c.closed.Load() {
		return nil
	}
	c.Hangup() // no more frames may be sent
	if err == nil {
		err = io.EOF
	}
	return err
}

func (c *socket) Poll(int, func() bool)    {}
func (c *socket) Begin(call uint32) bool   { return true }
func (c *socket) Revoke(call uint32) bool  { return false }
func (c *socket) Meters(func([]byte)) bool { return false }

func (c *socket) Hangup() {
	if c.hung.Swap(true) {
		return
	}
	c.f.SetWriteDeadline(past)
	c.f.SetReadDeadline(past) // see read
}

func (c *socket) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.f.Close()
}
