package legion

import (
	"context"
	"io"
	"net"
	"sync"
)

// freshConns are the accepted connections on which nothing has been written yet.
// A server that is told to shut down may drop such a connection although its
// request is on the way (net/http does, when it has just read it), so they are
// waited for before.
type freshConns struct {
	net.Listener

	mu   sync.Mutex
	n    int
	none chan struct{} // closed when n comes down to 0; nil if nobody waits
}

func (f *freshConns) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.n++
	f.mu.Unlock()
	return &freshConn{Conn: c, of: f}, nil
}

// wait waits until no connection is fresh any more. No new ones come meanwhile:
// the listener is closed.
func (f *freshConns) wait(ctx context.Context) {
	f.mu.Lock()
	if f.n == 0 {
		f.mu.Unlock()
		return
	}
	f.none = make(chan struct{})
	f.mu.Unlock()
	select {
	case <-f.none:
	case <-ctx.Done():
	}
}

func (f *freshConns) oneLess() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.none != nil {
		close(f.none)
		f.none = nil
	}
}

// freshConn is fresh until the first write, or its end.
type freshConn struct {
	net.Conn
	of   *freshConns
	used sync.Once
}

func (c *freshConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.used.Do(c.of.oneLess)
	return n, err
}

// ReadFrom keeps what the connection has for it: sendfile.
func (c *freshConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.Conn, r)
	c.used.Do(c.of.oneLess)
	return n, err
}

func (c *freshConn) Close() error {
	c.used.Do(c.of.oneLess)
	return c.Conn.Close()
}
