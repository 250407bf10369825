package legion

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// listener is a listener that is opened when the daemon starts.
type listener struct {
	d             *Daemon
	network, addr string

	mu     sync.Mutex
	inner  net.Listener
	opened chan struct{} // closed when inner is set, or will never be
	closed bool
}

// Listen declares a listener of the daemon, of which more than one can be for
// the same address; networks are those of [net.Listen] that are streams. It is
// opened by Start, whose error says if it cannot be, and closed by Stop. Until
// then Accept waits; in worker processes, where main runs too, it is never
// opened.
func (d *Daemon) Listen(network, addr string) net.Listener {
	d.mustDeclare("Listen")
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		panic(fmt.Sprintf("legion: Listen(%q, %q): use tcp, tcp4, tcp6 or unix", network, addr))
	}
	l := &listener{d: d, network: network, addr: addr, opened: make(chan struct{})}
	d.listeners = append(d.listeners, l)
	return l
}

func (l *listener) open(ctx context.Context) error {
	var c net.ListenConfig
	inner, err := c.Listen(ctx, l.network, l.addr)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = inner.Close()
		return nil
	}
	l.inner = inner
	close(l.opened)
	return nil
}

// Accept waits for the next connection, and before that for the start.
func (l *listener) Accept() (net.Conn, error) {
	<-l.opened
	l.mu.Lock()
	inner := l.inner
	l.mu.Unlock()
	if inner == nil {
		return nil, net.ErrClosed
	}
	return inner.Accept()
}

// Close closes the listener before Stop does.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.inner == nil {
		close(l.opened)
		return nil
	}
	return l.inner.Close()
}

// Addr is the address that the listener has, or before the start the one that
// was asked for.
func (l *listener) Addr() net.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner != nil {
		return l.inner.Addr()
	}
	return wishedAddr{l.network, l.addr}
}

type wishedAddr struct{ network, addr string }

func (a wishedAddr) Network() string { return a.network }
func (a wishedAddr) String() string  { return a.addr }
