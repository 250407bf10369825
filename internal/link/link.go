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
	// Buffer is how many bytes of large payloads (above 16 KiB) can be under way in each direction: a power of two is
	// best, others are rounded up; 64 KiB to 1 GiB. Default 1 MiB. The worker's end over shared memory finds it in the
	// segment; sockets leave buffering to the kernel.
	Buffer int
	// MaxPayload is the largest payload in bytes, up to wire.HardMaxPayload; a larger one is refused with
	// *wire.TooLarge by the end that would send it, and is a violation if it arrives. Default wire.MaxPayload.
	MaxPayload int64
	// Busy, for the worker's end, is the number of handlers that run now, kept by the user of the link: while it is
	// greater than 0, Serve leaves the processor to them when it has nothing to do. May be nil.
	Busy *atomic.Int32
}

const (
	defaultBuffer = 1 << 20
	minBuffer     = 64 << 10
	maxBuffer     = 1 << 30
	// maxPiece is the most bytes that one frame carries; what is larger travels in pieces. It bounds what a receiver
	// allocates for a frame before it has its bytes, and how long a large payload holds up the others.
	maxPiece = 256 << 10
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
	// ErrClosed is what Send returns once the link is closed, hung up or broken.
	ErrClosed = errors.New("link closed")
	// ErrCorrupt is wrapped by what Serve returns when the peer has broken the protocol; the text says how.
	ErrCorrupt = errors.New("protocol violation by the peer")
)

// Frame is what a handler gets: a header, and a payload that is complete.
type Frame struct {
	wire.Header
	// Payload is valid until the handler returns, unless Owned. Over shared memory the peer may change it at any time:
	// copy it, and then check the copy. It may also take it away: see AppendTo.
	Payload []byte
	// Owned says that Payload is ordinary memory that belongs to the handler from now on. See also Recycle.
	Owned bool

	memory *region // of shared memory, where Payload lies in one
}

// Handler receives the frames of a link, one at a time, in the order in which the peer has sent them. It must not
// block for long. An error ends the link; Serve returns it.
type Handler func(f Frame) error

// Conn is one end of a link.
type Conn interface {
	// Send sends a frame. It blocks while the peer's buffer is full; senders are served in the order in which they
	// came. payload is not retained. Any goroutine.
	Send(h wire.Header, payload []byte) error
	// Serve receives frames and calls h on the calling goroutine, until the link ends. It returns nil after Close;
	// io.EOF when the peer is gone, after everything complete has been delivered; the handler's error; or an error
	// that wraps ErrCorrupt. Once only.
	Serve(h Handler) error
	// Poll lets a goroutine that waits for one frame receive in Serve's stead for some microseconds, until done() or
	// the time is spent. Frames go to Serve's handler. It returns at once if another goroutine is receiving, if polling
	// has not been paying off, and over sockets. Daemon's end only; done must be quick and not block. Any goroutine.
	Poll(done func() bool)
	// Begin marks a call as started, on the worker's end. It reports false if the call has been revoked or is not the
	// newest of its slot: then it must not be run. Over sockets it is always true.
	Begin(call uint32) bool
	// Revoke takes back, on the daemon's end, a call that was sent. It reports false if the call may have been
	// started; at most one of Begin and Revoke succeeds for a call. Also after Hangup, not after Close. Over sockets
	// it is always false.
	Revoke(call uint32) bool
	// Hangup tells the daemon's end that the worker is dead: Serve delivers what is left and returns io.EOF, senders
	// get ErrClosed. Idempotent, any goroutine.
	Hangup()
	// Close ends the link and frees what it holds as soon as nobody is inside. It does not wait and may be called at
	// any time, from a handler too. Idempotent, any goroutine.
	Close() error
}

// New makes the daemon's end of a link, and the files that the worker must inherit, in that order. The caller closes
// them when the worker has been started.
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

// Open makes the worker's end of a link from the files it has inherited. It takes ownership of them, also when it
// fails.
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

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
