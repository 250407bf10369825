package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// ErrInUse says that another process answers at the address.
var ErrInUse = errors.New("another process answers there")

// Listen opens an address. Of a Unix socket mode and group are as they shall be before anybody can connect; a socket that
// a dead process left behind is replaced. What is no socket, a symbolic link, and another user's file are refused and stay
// as they are, as is a folder in which everybody could put another file instead: errors.Is(err, host.ErrUnsafe). So does a
// socket that answers: errors.Is(err, [ErrInUse]). The listener is a *net.UnixListener, whose Close removes the file, or a
// *net.TCPListener.
func Listen(ctx context.Context, a Address) (net.Listener, error) {
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("the address %s: %w", a, err)
	}
	if a.Addr == "" {
		return nil, fmt.Errorf("the address %s has no path", a)
	}
	if a.Network == "tcp" {
		var c net.ListenConfig
		return c.Listen(ctx, a.Network, a.Addr) // its error names operation and address
	}
	l, err := listenUnix(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("listening at the socket %s: %w", a.Addr, err)
	}
	return l, nil
}

// Own makes the socket's file that of the user and group as whom the daemon will run; a group of the address stays.
func Own(a Address, uid, gid int) error {
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

func listenUnix(ctx context.Context, a Address) (net.Listener, error) {
	gid := -1
	if a.Group != "" {
		who, err := host.Lookup("", a.Group)
		if err != nil {
			return nil, err
		}
		gid = who.GID
	}
	unlock, err := lockFolder(ctx, filepath.Dir(a.Addr))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearAway(ctx, a.Addr); err != nil {
		return nil, err
	}
	f, err := bindSocket(a.Addr)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	made := func() error {
		// Nobody can connect before listen(2), whatever the mode is until then.
		if gid >= 0 {
			if err := os.Lchown(a.Addr, -1, gid); err != nil {
				return fmt.Errorf("giving it to group %s: %w: the daemon's user must be a member", a.Group, err)
			}
		}
		if err := os.Chmod(a.Addr, a.mode()); err != nil {
			return err
		}
		return onDescriptor(f, func(fd int) error { return unix.Listen(fd, backlog) })
	}
	if err := made(); err != nil {
		_ = os.Remove(a.Addr)
		return nil, err
	}
	l, err := net.FileListener(f)
	if err != nil {
		_ = os.Remove(a.Addr)
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(true)
	return l, nil
}

// backlog is how many connections wait to be accepted: as many as the kernel allows. Who finds it full is refused by the
// kernel, with EAGAIN.
const backlog = 1<<16 - 1

// bindSocket makes the socket and its file.
func bindSocket(path string) (*os.File, error) {
	syscall.ForkLock.RLock() // no child shall have it
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

// Others that open a socket in the same folder, or that end, are waited for.
const (
	answersPatience = 100 * time.Millisecond // a process killed a moment ago may have a child that was just being forked
	lockPatience    = 5 * time.Second
	lockPause       = 5 * time.Millisecond
)

// lockFolder keeps other daemons that follow these rules from opening a socket in the folder at the same time: they might
// both find the same socket stale, and one would remove the other's. It refuses a folder where strangers can replace files.
func lockFolder(ctx context.Context, path string) (unlock func(), err error) {
	dir, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	info, err := dir.Stat()
	if err == nil && info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		err = fmt.Errorf("%w: everybody may rename and remove what is in %s: chmod o-w or chmod +t", host.ErrUnsafe, path)
	}
	for begin := time.Now(); err == nil; {
		err = onDescriptor(dir, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
		if err == nil {
			return func() { _ = dir.Close() }, nil
		}
		if errors.Is(err, unix.EWOULDBLOCK) && time.Since(begin) < lockPatience || errors.Is(err, unix.EINTR) {
			err = pause(ctx, lockPause)
			continue
		}
		err = fmt.Errorf("locking the folder %s: %w", path, err)
	}
	_ = dir.Close()
	return nil, err
}

// clearAway removes the socket of a dead process, and refuses everything else.
func clearAway(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("%w: it is a symbolic link, which is not followed: remove it, or choose another path", host.ErrUnsafe)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%w: there is something that is no socket: remove it, or choose another path", host.ErrUnsafe)
	case !mayOwn(info, path):
		return fmt.Errorf("%w: there is a socket of user %d: remove it, or choose another path", host.ErrUnsafe, ownerOf(info))
	}
	for begin := time.Now(); ; {
		who, err := answers(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case errors.Is(err, unix.ECONNREFUSED):
			return os.Remove(path)
		case err != nil:
			return fmt.Errorf("asking whether somebody answers there: %w", err)
		case time.Since(begin) > answersPatience:
			return fmt.Errorf("%w (%s): stop it first, or choose another path", ErrInUse, who)
		}
		if err := pause(ctx, lockPause); err != nil {
			return err
		}
	}
}

// answers connects to a socket, and says who is there.
func answers(ctx context.Context, path string) (who string, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if errors.Is(err, unix.EAGAIN) { // so many have connected that nobody more can
		return "which is busy", nil
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	p, err := peerOf(conn, Address{Network: "unix", Mode: 0o666}, -1)
	if err != nil {
		return "unknown", nil
	}
	return p.name(), nil
}

// mayOwn reports whether a file can be this daemon's: this user's, or if that is root the folder's owner's, as whom the
// daemon runs after its start, or anybody's in a folder that root alone can write to.
func mayOwn(info fs.FileInfo, path string) bool {
	me, owner := os.Geteuid(), ownerOf(info)
	if owner == me || me != 0 {
		return owner == me
	}
	folder, err := os.Stat(filepath.Dir(path))
	return err == nil && (ownerOf(folder) == owner || ownerOf(folder) == 0 && folder.Mode().Perm()&0o022 == 0)
}

func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// pause waits, or returns why not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
