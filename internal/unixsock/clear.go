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
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// answersPatience is how long a socket may keep answering before it counts as
// in use: a process killed a moment ago may have just forked a child that still
// holds the socket.
const answersPatience = 100 * time.Millisecond

// clearAway removes the socket of a dead process, and returns an error for any
// other file.
func clearAway(ctx context.Context, path string, who func(net.Conn) string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("%w: it is a symbolic link, which is not followed: remove it, or choose another path", host.ErrUnsafe)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%w: the file there is not a socket: remove it, or choose another path", host.ErrUnsafe)
	case !mayOwn(info, path):
		return fmt.Errorf("%w: the socket there belongs to user %d: remove it, or choose another path", host.ErrUnsafe, ownerOf(info))
	}
	for begin := time.Now(); ; {
		name, err := answers(ctx, path, who)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case errors.Is(err, unix.ECONNREFUSED):
			return os.Remove(path)
		case err != nil:
			return fmt.Errorf("asking whether a process answers there: %w", err)
		case time.Since(begin) > answersPatience:
			return fmt.Errorf("%w (%s): stop it first, or choose another path", ErrInUse, name)
		}
		if err := pause(ctx, lockPause); err != nil {
			return err
		}
	}
}

// answers connects to a socket, and describes the process that answers.
func answers(ctx context.Context, path string, who func(net.Conn) string) (name string, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if errors.Is(err, unix.EAGAIN) { // the queue of waiting connections is full
		return "which is busy", nil
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if who == nil {
		return "which listens", nil
	}
	return who(conn), nil
}

// mayOwn reports whether a file can be this daemon's. It must belong to this
// user; if this user is root, it may also belong to the folder's owner, since
// the daemon runs as that user after its start, or to any user if only root can
// write to the folder.
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
