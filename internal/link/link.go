package link

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/legion-go/legion/internal/wire"
)

// Options of a link. Both ends should use the same Buffer and MaxPayload.
type Options struct {
	// Buffer is how many bytes of large payloads (above 16 KiB) can be under way in
	// each direction: a power of two from 64 KiB to 1 GiB; other values are rounded
	// up. Default 1 MiB. Over shared memory the worker's end reads it from the
	// segment; sockets leave buffering to the kernel.
	Buffer int
	// MaxPayload is the largest payload in bytes, up to wire.HardMaxPayload; the
	// sending end refuses a larger one with *wire.TooLarge, and the receiving end
	// takes it as a violation. Default wire.MaxPayload.
	MaxPayload int64
	// Meters is how many bytes, less than 2 GiB, the segment has for what the
	// worker counts; see Conn.Meters. Daemon's end only; sockets have none. Default
	// 0.
	Meters int
	// Busy, for the worker's end, is the number of running handlers, which the user
	// of the link maintains: while it is greater than 0, an idle Serve leaves the
	// processor to them. May be nil.
	Busy *atomic.Int32
}

const (
	defaultBuffer = 1 << 20
	minBuffer     = 64 << 10
	maxBuffer     = 1 << 30
	// maxWhole is the largest payload that is sent in one frame; larger ones travel
	// in pieces, and both ends work at the same time. It bounds how long a large
	// payload delays others.
	maxWhole = 64 << 10
	// maxPiece is the size of a piece. With its prefix it takes 64 KiB, so that the
	// pieces of a buffer fill it without a gap: otherwise a payload as large as the
	// buffer would have to wait for its last piece.
	maxPiece = maxWhole - prefixSize
	// maxFrame is the largest frame that is accepted. It bounds the memory that a
	// receiver allocates for a frame before its bytes arrive.
	maxFrame = 256 << 10
)

func (o Options) withDefaults() (Options, error) {
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = wire.MaxPayload
	}
	if o.Buffer < minBuffer || o.Buffer > maxBuffer {
		return o, fmt.Errorf("link buffer of %d bytes: need %d to %d", o.Buffer, minBuffer, maxBuffer)
	}
	if o.MaxPayload < 1 || o.MaxPayload > wire.HardMaxPayload {
		return o, fmt.Errorf("link payload limit of %d bytes: need 1 to %d", o.MaxPayload, wire.HardMaxPayload)
	}
	return o, nil
}

var (
	// Send returns ErrClosed once the link is closed, hung up or broken.
	ErrClosed = errors.New("link closed")
	// ErrCorrupt is wrapped by the error of Serve when the peer has broken the
	// protocol; the text says how.
	ErrCorrupt = errors.New("protocol violation by the peer")
)

// Frame is a header with its complete payload, as a handler gets it.
type Frame struct {
	wire.Header
	// Payload is valid until the handler returns, unless Owned. Over shared memory
	// the peer may change it at any time: copy it, and then check the copy. The
	// peer may also free its memory: see AppendTo.
	Payload []byte
	// Owned says that Payload is ordinary memory that now belongs to the handler,
	// or the memory of a Loan.
	Owned bool

	memory *region // the shared memory that Payload is in, if any
}

// Handler receives the frames of a link, one at a time, in the order in which
// the peer sent them. It must not block for long. An error ends the link; Serve
// returns it.
type Handler func(f Frame) error

// Conn is one end of a link.
type Conn interface {
	// Send sends a frame. It blocks while the peer's buffer is full; senders are
	// served in order of arrival. It does not retain payload. Any goroutine may
	// call it.
	Send(h wire.Header, payload []byte) error
	// Serve receives frames and calls h on the calling goroutine, until the link
	// ends. It returns nil after Close; io.EOF when the peer is gone, after it has
	// delivered all complete frames; the handler's error; or an error that wraps
	// ErrCorrupt. It may be called once. lend may be nil.
	Serve(h Handler, lend Lend) error
	// Poll lets a goroutine that waits for one frame, the answer to a payload of
	// size bytes, receive instead of Serve for some microseconds, until done
	// returns true or the time is over. Frames go to Serve's handler. Poll returns
	// at once if another goroutine is receiving, if polling has not paid off
	// lately, and over sockets. Daemon's end only; done must be quick and not
	// block. Any goroutine may call it.
	Poll(size int, done func() bool)
	// Begin marks a call as started, on the worker's end. It reports false if the
	// call has been revoked or is not the newest of its slot: then it must not be
	// run. Over sockets it is always true.
	Begin(call uint32) bool
	// Revoke revokes, on the daemon's end, a call that was sent. It reports false
	// if the call may have been started; at most one of Begin and Revoke succeeds
	// for a call. It works after Hangup, but not after Close. Over sockets it is
	// always false.
	Revoke(call uint32) bool
	// Meters calls use with the memory of Options.Meters, which is zero at first,
	// and aligned to a page. It reports false, and does not call use, if there is
	// none, or after Close. On the daemon's end use must not keep the memory, and
	// the worker may change it or free its pages at any time; on the worker's end
	// it stays mapped until the process ends.
	Meters(use func(mem []byte)) bool
	// Hangup tells the daemon's end that the worker is dead: Serve delivers the
	// remaining frames and returns io.EOF, senders get ErrClosed. It is idempotent;
	// any goroutine may call it.
	Hangup()
	// Close ends the link and frees its resources as soon as no goroutine is
	// inside. It does not wait and may be called at any time, also from a handler.
	// It is idempotent; any goroutine may call it.
	Close() error
}

// New makes the daemon's end of a link, and the files that the worker must
// inherit, in that order. The caller closes them after the start of the worker.
func New(t Transport, o Options) (Conn, []*os.File, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	switch t {
	case SharedMemory:
		return newShared(o)
	case Socket:
		return newSocket(o)
	}
	return nil, nil, fmt.Errorf("new link: unknown transport %d", int(t))
}

// Open makes the worker's end of a link from the files it has inherited. It
// takes ownership of them, also when it fails.
func Open(t Transport, files []*os.File, o Options) (Conn, error) {
	o, err := o.withDefaults()
	if err == nil {
		switch t {
		case SharedMemory:
			return openShared(files, o)
		case Socket:
			return openSocket(files, o)
		}
		err = fmt.Errorf("open link: unknown transport %d", int(t))
	}
	closeAll(files)
	return nil, err
}

// TellFailure sends the daemon the error with which a worker ends that never
// became ready.
func TellFailure(c Conn, err error) {
	_ = c.Send(wire.Header{Kind: wire.Failed}, wire.AppendFault(nil, wire.Fault{Message: err.Error()}))
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
