package sockets

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/internal/unixsock"
)

// Listener is a net.Listener that is opened after it is made. Until then Accept
// waits. It is safe for concurrent use.
type Listener struct {
	Network, Address string // as requested
	key              string // its name in a hand-over
	listen           func(context.Context) (net.Listener, error)

	mu     sync.Mutex
	inner  net.Listener
	info   fs.FileInfo   // of a Unix socket's file; nil if it had none
	opened chan struct{} // closed when inner is set, or never will be
	closed bool
}

// New returns a listener. kind and n distinguish it from others with the same
// address. listen opens it; nil is net.Listen, which replaces the Unix socket
// of a killed process.
func New(kind string, n int, network, address string, listen func(context.Context) (net.Listener, error)) *Listener {
	l := &Listener{
		Network: network, Address: address, key: fmt.Sprintf("%s %d %s %s", kind, n, network, address),
		listen: listen, opened: make(chan struct{}),
	}
	if listen == nil {
		l.listen = l.listenPlainly
	}
	return l
}

// Left returns the files of the Unix sockets among the names in a hand-over.
func Left(names []string) (paths []string) {
	for _, name := range names {
		key := strings.SplitN(name, " ", 4) // as New writes it
		if len(key) == 4 && (key[0] == "listener" || key[0] == "control") && key[2] == "unix" {
			paths = append(paths, key[3])
		}
	}
	return paths
}

// Remove removes those of the files that are sockets.
func Remove(paths []string) {
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
			_ = os.Remove(path)
		}
	}
}

func (l *Listener) listenPlainly(ctx context.Context) (net.Listener, error) {
	if !l.HasFile() {
		return host.Listen(ctx, l.Network, l.Address)
	}
	inner, err := unixsock.Listen(ctx, l.Address, unixsock.Options{GID: -1})
	if err != nil {
		return nil, fmt.Errorf("listening at the socket %s: %w", l.Address, err)
	}
	return inner, nil
}

// Inherited returns the file that the daemon's previous process handed over
// under that name, or nil. The caller owns it.
func Inherited(name string) *os.File {
	if takeover.Upgraded() || takeover.GoesOn() {
		return takeover.Inherited().File(name)
	}
	return nil
}

// Open takes the listener over from the previous process, or makes one.
func (l *Listener) Open(ctx context.Context) error {
	inner, err := l.inherit()
	if err == nil && inner == nil {
		inner, err = l.listen(ctx)
	}
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
	if takeover.GoesOn() {
		l.ownLocked() // no other process uses it
	}
	l.noteFile()
	close(l.opened)
	return nil
}

// inherit opens the listener with the descriptor of the previous process.
func (l *Listener) inherit() (net.Listener, error) {
	f := Inherited(l.key)
	if f == nil {
		return nil, nil
	}
	defer f.Close()
	return net.FileListener(f)
}

// Accept waits for the next connection, and before that for Open.
func (l *Listener) Accept() (net.Conn, error) {
	<-l.opened
	for inner := l.current(); inner != nil; {
		conn, err := inner.Accept()
		now := l.current()
		if err == nil || now == inner {
			return conn, err
		}
		inner = now // the socket was made anew
	}
	return nil, net.ErrClosed
}

func (l *Listener) current() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner
}

// Close closes the listener. It may come before Open.
func (l *Listener) Close() error {
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

// GiveAway closes a listener that another process goes on with: the file of a
// Unix socket stays.
func (l *Listener) GiveAway() {
	l.mu.Lock()
	if u, ok := l.inner.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	l.mu.Unlock()
	_ = l.Close()
}

// Own gives the file of an inherited Unix socket to this process: from now on,
// closing the listener removes it.
func (l *Listener) Own() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ownLocked()
}

func (l *Listener) ownLocked() {
	if u, ok := l.inner.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(true)
	}
}

// ListenAgain makes this process the one that a Unix socket reports to clients
// as listening: the process that called listen last.
func (l *Listener) ListenAgain() error {
	u, ok := l.current().(*net.UnixListener)
	if !ok {
		return nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	const backlog = 1<<16 - 1 // the kernel lowers it to its limit
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Listen(int(fd), backlog) }); err != nil {
		return err
	}
	return failed
}

// Addr returns the listener's address, or before Open the requested one.
func (l *Listener) Addr() net.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner != nil {
		return l.inner.Addr()
	}
	return wishedAddr{l.Network, l.Address}
}

type wishedAddr struct{ network, addr string }

func (a wishedAddr) Network() string { return a.network }
func (a wishedAddr) String() string  { return a.addr }

// HandOver adds the descriptors of listeners to files, for the next process.
// The caller closes the returned ones, after an error too.
func HandOver(all []*Listener, files map[string]*os.File) (made []*os.File, err error) {
	for _, l := range all {
		f, err := l.file()
		if err != nil {
			return made, fmt.Errorf("handing over the listener %s %s: %w", l.Network, l.Address, err)
		}
		if f != nil {
			made = append(made, f)
			files[l.key] = f
		}
	}
	return made, nil
}

// file returns a descriptor of the listener, or nil if it is closed.
func (l *Listener) file() (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner == nil || l.closed {
		return nil, nil
	}
	return l.inner.(interface{ File() (*os.File, error) }).File()
}
