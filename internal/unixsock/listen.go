package unixsock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// ErrInUse says that another process answers at the path.
var ErrInUse = errors.New("another process answers there")

// Options say how to make a socket. Options{GID: -1} makes one as net.Listen
// does.
type Options struct {
	// Mode of the file, from before the first connection on. 0 leaves it to the
	// umask.
	Mode fs.FileMode

	// GID is the group of the file; -1 leaves it to the system.
	GID int

	// Guarded refuses a folder in which every user could put another file in the
	// socket's place.
	Guarded bool

	// Who describes the process that answers already, for the error. It may be nil.
	Who func(net.Conn) string
}

// Listen opens a socket at path. A socket of this user at which no process
// answers is replaced. If a process answers, the error is [ErrInUse]. A
// symbolic link, a file that is not a socket, and another user's socket also
// stay; the error is then host.ErrUnsafe. Close removes the file. Several
// processes may call Listen at the same time.
func Listen(ctx context.Context, path string, o Options) (*net.UnixListener, error) {
	unlock, err := lockFolder(ctx, filepath.Dir(path), o.Guarded)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearAway(ctx, path, o.Who); err != nil {
		return nil, err
	}
	f, err := bind(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := o.listen(f, path)
	if err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	l.SetUnlinkOnClose(true)
	return l, nil
}

// listen sets the mode and group of the bound socket before it calls listen(2),
// since clients can connect after that.
func (o Options) listen(f *os.File, path string) (*net.UnixListener, error) {
	if o.GID >= 0 {
		if err := os.Lchown(path, -1, o.GID); err != nil {
			return nil, fmt.Errorf("giving it to group %d: %w: the daemon's user must be a member", o.GID, err)
		}
	}
	if o.Mode != 0 {
		if err := os.Chmod(path, o.Mode); err != nil {
			return nil, err
		}
	}
	if err := host.OnDescriptor(f, func(fd int) error { return unix.Listen(fd, backlog) }); err != nil {
		return nil, err
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil
}

// backlog is how many connections wait to be accepted: as many as the kernel
// allows. When it is full, the kernel refuses clients with EAGAIN.
const backlog = 1<<16 - 1

// bind makes the socket and its file.
func bind(path string) (*os.File, error) {
	syscall.ForkLock.RLock() // so that no child inherits it
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("bind: %w", err)
	}
	return os.NewFile(uintptr(fd), path), nil
}
