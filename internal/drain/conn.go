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

	// State belongs to the server, which may note there what it does on the
	// connection.
	State atomic.Int32

	of *Listener

	mu       sync.Mutex
	last     time.Time // when bytes last came or went; at first, when it was accepted
	head     [3]byte   // the first bytes that the client has sent
	read     bool      // whether bytes have come
	asked    bool      // whether bytes have come since the last write
	answers  int       // writes that followed a read, and the first write
	reading  int       // calls of Read that wait
	deadline time.Time // for reading, as the server has set it
	ending   bool      // whether End has interrupted the Read that waits
	ended    bool      // whether the server has been told that the stream has ended
}

// longAgo is a deadline that interrupts at once.
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

// arrived reads what is there, without waiting and whatever the deadline. n is
// 0 if there is nothing.
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

// End ends the connection for its server if a Read waits on it and nothing has
// come or gone for the given time. It reports whether that is so; Read returns
// the end a little later, or what has arrived meanwhile.
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

// ReadFrom keeps what the connection has for it: sendfile.
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

// Answered reports whether the client has had an answer: whether the server has
// written something, in TLS after the two writes of a handshake. A handshake
// may also take a single write, so that an answered client counts as none until
// its second answer.
func (c *Conn) Answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read && c.head[0] == handshake {
		return c.answers > 2
	}
	return c.answers > 0
}

// Silent reports whether no byte has ever come or gone.
func (c *Conn) Silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.read && c.answers == 0
}

// Ended reports whether the server has been told the end, by End.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// Quiet is the time since bytes last came or went, or Wait last stood still.
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

// CloseWrite tells the client that no more will come, if the connection can.
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
