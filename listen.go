package legion

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/internal/unixsock"
)

// listener is a listener that is opened when the daemon starts.
type listener struct {
	d             *Daemon
	network, addr string
	key           string // its name in a hand-over
	listen        func(context.Context) (net.Listener, error)

	mu     sync.Mutex
	inner  net.Listener
	info   fs.FileInfo   // of a Unix socket's file; nil if there was none
	opened chan struct{} // closed when inner is set, or will never be
	closed bool
}

// Listen declares a listener that survives upgrades: the new process takes it
// over, and no connection is refused meanwhile. Networks are those of [net.Listen]
// that are streams. It is opened by Start, whose error says if it cannot be, and
// closed by Stop. A Unix socket that a killed daemon left is replaced; one that
// answers is the error of Start. Until Start Accept waits; in worker processes,
// where main runs too, it is never opened.
func (d *Daemon) Listen(network, addr string) net.Listener {
	d.mustDeclare("Listen")
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		panic(fmt.Sprintf("legion: Listen(%q, %q): use tcp, tcp4, tcp6 or unix", network, addr))
	}
	l := &listener{d: d, network: network, addr: addr, opened: make(chan struct{})}
	l.listen = func(ctx context.Context) (net.Listener, error) { return listenAt(ctx, network, addr) }
	l.key = fmt.Sprintf("listener %d %s %s", d.countListeners(network, addr), network, addr)
	d.listeners = append(d.listeners, l)
	return l
}

// listenAt is net.Listen, but for a Unix socket that a killed process left.
func listenAt(ctx context.Context, network, addr string) (net.Listener, error) {
	if network != "unix" || strings.HasPrefix(addr, "@") { // @ has no file
		var c net.ListenConfig
		return c.Listen(ctx, network, addr)
	}
	l, err := unixsock.Listen(ctx, addr, unixsock.Options{GID: -1})
	if err != nil {
		return nil, fmt.Errorf("listening at the socket %s: %w", addr, err)
	}
	return l, nil
}

// countListeners returns how many listeners there are for an address already.
func (d *Daemon) countListeners(network, addr string) (n int) {
	for _, l := range d.listeners {
		if l.network == network && l.addr == addr {
			n++
		}
	}
	return n
}

// open takes the listener over from the previous process, or makes one.
func (l *listener) open(ctx context.Context) error {
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
	if u, ok := inner.(*net.UnixListener); ok && inPlace() {
		u.SetUnlinkOnClose(true) // no other process goes on with it
	}
	l.noteFile()
	close(l.opened)
	return nil
}

// Accept waits for the next connection, and before that for the start.
func (l *listener) Accept() (net.Conn, error) {
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

func (l *listener) current() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner
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

// ownListeners makes the listeners that were taken over this process's, once the
// previous one has made up its mind that this one counts: from then on the file of
// a Unix socket goes with them.
func (d *Daemon) ownListeners() {
	h := takeover.Inherited()
	if h == nil || h.Kind != takeover.Upgrade && h.Kind != takeover.InPlace {
		return
	}
	d.owned.Go("the wait for the end of an upgrade", func() {
		select {
		case <-h.Settled():
		case <-d.closing.Done():
			return
		}
		for _, l := range d.listening() {
			l.own()
		}
		d.renewControl()
		d.keepFiles()
		for _, path := range d.left {
			if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
				_ = os.Remove(path)
			}
		}
	})
}

// leftSockets returns the files of those sockets among what was handed over.
func leftSockets(names []string) (paths []string) {
	for _, name := range names {
		key := strings.SplitN(name, " ", 4) // as listener.key is written
		if len(key) == 4 && (key[0] == "listener" || key[0] == "control") && key[2] == "unix" {
			paths = append(paths, key[3])
		}
	}
	return paths
}

func (l *listener) own() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u, ok := l.inner.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(true)
	}
}

// listenAgain makes this process the one that a Unix socket tells clients of.
func (l *listener) listenAgain() error {
	u, ok := l.current().(*net.UnixListener)
	if !ok {
		return nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	const backlog = 1<<16 - 1 // the kernel takes off what is beyond its limit
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Listen(int(fd), backlog) }); err != nil {
		return err
	}
	return failed
}

// giveAway closes the listener where another process goes on with it: the file of
// a Unix socket stays.
func (l *listener) giveAway() {
	l.mu.Lock()
	if u, ok := l.inner.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	l.mu.Unlock()
	_ = l.Close()
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
