package control

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/unixsock"
)

// ErrInUse says that another process answers at the address.
var ErrInUse = unixsock.ErrInUse

// Listen opens an address. A Unix socket has its mode and group before any
// client can connect; a socket that a dead process left behind is replaced.
// Listen refuses, and leaves as they are, a file that is not a socket, a
// symbolic link, another user's file, and a folder in which every user could
// replace the file: errors.Is(err, host.ErrUnsafe); and a socket that answers:
// errors.Is(err, [ErrInUse]). The listener is a *net.UnixListener, whose Close
// removes the file, or a *net.TCPListener.
func Listen(ctx context.Context, a Address) (net.Listener, error) {
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("the address %s: %w", a, err)
	}
	if a.Addr == "" {
		return nil, fmt.Errorf("the address %s has no path", a)
	}
	if a.Network == "tcp" {
		return host.Listen(ctx, a.Network, a.Addr)
	}
	l, err := listenUnix(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("listening at the socket %s: %w", a.Addr, err)
	}
	return l, nil
}

// own gives the socket's file to the user and group that the daemon will run
// as; a group of the address stays.
func own(a Address, uid, gid int) error {
	if a.Network != "unix" {
		return nil
	}
	if a.Group != "" {
		gid = -1
	}
	if err := os.Lchown(a.Addr, uid, gid); err != nil {
		return fmt.Errorf("giving the socket to user %d: %w", uid, err)
	}
	return nil
}

// renew gives the file of a Unix socket the mode and the group of its address.
func (a Address) renew() error {
	if err := os.Chmod(a.Addr, a.mode()); err != nil || a.Group == "" {
		return err
	}
	who, err := host.Lookup("", a.Group)
	if err != nil {
		return err
	}
	return os.Lchown(a.Addr, -1, who.GID)
}

func listenUnix(ctx context.Context, a Address) (net.Listener, error) {
	o := unixsock.Options{Mode: a.mode(), GID: -1, Guarded: true, Who: whoAnswers}
	if a.Group != "" {
		who, err := host.Lookup("", a.Group)
		if err != nil {
			return nil, err
		}
		o.GID = who.GID
	}
	l, err := unixsock.Listen(ctx, a.Addr, o)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// whoAnswers names the process at the other end of a connection.
func whoAnswers(conn net.Conn) string {
	p, err := peerOf(conn, Address{Network: "unix", Mode: 0o666}, -1)
	if err != nil {
		return "unknown"
	}
	return p.name()
}
