package unixsock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// How long to wait for another process that opens a socket in the same folder.
const (
	lockPatience = 5 * time.Second
	lockPause    = 5 * time.Millisecond
)

// lockFolder keeps other processes that follow these rules from opening a
// socket in the folder at the same time: both might find the same socket dead,
// and one would remove the other's new socket. If guarded, it refuses a folder
// in which other users can replace files.
func lockFolder(ctx context.Context, path string, guarded bool) (unlock func(), err error) {
	dir, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	info, err := dir.Stat()
	if err == nil && guarded && info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		err = fmt.Errorf("%w: every user may rename and remove files in %s: run chmod o-w or chmod +t", host.ErrUnsafe, path)
	}
	for begin := time.Now(); err == nil; {
		err = host.OnDescriptor(dir, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
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
