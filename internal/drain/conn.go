package drain

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is an accepted connection.
type Conn struct {
	net.Conn

	// State is for the server, which may record there what it does on the
	// connection.
	State atomic.Int32

	of *Listener

	mu       sync.Mutex
	last     time.Time // when bytes were last read or written; at first, when it was accepted
	head     [3]byte   // the first bytes that the client has sent
	read     bool      // whether bytes have come
	asked    bool      // whether bytes have come since the last write
	answers  int       // writes that followed a read, and the first write
	reading  int       // calls of Read that are waiting
	deadline time.Time // for reading, as the server set it
	ending   bool      // whether End has interrupted the waiting Read
	ended    bool      // whether Read has returned io.EOF because of End
}

// longAgo is a deadline that interrupts a Read at once.
var longAgo = time.Unix(1, 0)

// Read reads what the client sends, and io.EOF after the connection was ended.
func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return 0, io.EOF
	}
	c.reading++
	c.mu.Unlock()

	n, err := c.Conn.Read(b)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading--
	if c.ending {
		c.ending = false
		_ = c.Conn.SetReadDeadline(c.deadline)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			if n, err = c.arrived(b); n == 0 {
				c.ended = true
				return 0, io.EOF
			}
		}
	}
	if n > 0 {
		if !c.read {
			copy(c.head[:], b[:n])
		}
		c.read, c.asked = true, true
		c.last = time.Now()
	}
	return n, err
}

// arrived reads the bytes that have arrived, without waiting and regardless of
// the deadline. n is 0 if there are none.
func (c *Conn) arrived(b []byte) (n int, err error) {
	s, is := c.Conn.(syscall.Conn)
	if !is || len(b) == 0 {
		return 0, nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	if control := raw.Control(func(fd uintptr) {
		for {
			if n, err = syscall.Read(int(fd), b); !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	}); control != nil {
		return 0, control
	}
	return max(n, 0), err
}

// End ends the connection for its server if a Read waits on it and no byte was
// read or written for the given time. It reports whether it did; Read then
// returns io.EOF a little later, or the bytes that have arrived meanwhile.
func (c *Conn) End(quiet time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading == 0 || c.of.quiet(c.last) < quiet {
		return false
	}
	if !c.ending {
		c.ending = true
		_ = c.Conn.SetReadDeadline(longAgo)
	}
	return true
}

// Write answers the client.
func (c *Conn) Write(b []byte) (int, error) {
	c.touch()
	n, err := c.Conn.Write(b)
	c.answer()
	return n, err
}

// ReadFrom keeps the connection's own fast path: sendfile.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	c.touch()
	n, err := io.Copy(c.Conn, r)
	c.answer()
	return n, err
}

func (c *Conn) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

func (c *Conn) answer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	if c.asked || c.answers == 0 {
		c.answers++
	}
	c.asked = false
}

// handshake is the type of the first record of TLS.
const handshake = 0x16

// Answered reports whether the client has got an answer: whether the server has
// written something, in TLS after the two writes of a handshake. A handshake
// may also take a single write; then a client counts as answered only after its
// second answer.
func (c *Conn) Answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read && c.head[0] == handshake {
		return c.answers > 2
	}
	return c.answers > 0
}

// Silent reports whether no byte was ever read or written.
func (c *Conn) Silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.read && c.answers == 0
}

// Ended reports whether Read has returned io.EOF because of End.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// Quiet is the time since bytes were last read or written, or since Wait last
// noticed a stall.
func (c *Conn) Quiet() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of.quiet(c.last)
}

// Head returns the first bytes that the client has sent, at most three.
func (c *Conn) Head() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.head[:])
}

// SetDeadline sets the deadlines for reading and writing.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline for reading. It does not undo an End.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if c.ending {
		return nil // Read sets it
	}
	return c.Conn.SetReadDeadline(t)
}

// CloseWrite tells the client that no more bytes will come, if the connection
// can.
func (c *Conn) CloseWrite() error {
	if w, is := c.Conn.(interface{ CloseWrite() error }); is {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SyscallConn gives access to the descriptor, for the credentials of a client
// for instance.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if s, is := c.Conn.(syscall.Conn); is {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// NetConn returns the connection that is wrapped.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Close closes the connection.
func (c *Conn) Close() error {
	c.of.forget(c)
	return c.Conn.Close()
}
