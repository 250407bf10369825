package vanish

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// what lists the events that may remove a name from a folder, or the folder
// itself.
const what = unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR

// kernelWatch is an inotify instance. Its file is nil if the kernel has no
// instance left.
type kernelWatch struct {
	file  *os.File
	blind bool // a folder could not be added
}

func newKernelWatch() *kernelWatch {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return &kernelWatch{}
	}
	return &kernelWatch{file: os.NewFile(uintptr(fd), "inotify")}
}

func (k *kernelWatch) add(folder string) {
	if k.file == nil {
		return
	}
	raw, err := k.file.SyscallConn()
	if err == nil {
		refused := raw.Control(func(fd uintptr) { _, err = unix.InotifyAddWatch(int(fd), folder, what) })
		if err == nil {
			err = refused
		}
	}
	k.blind = k.blind || err != nil
}

// wait reads the kernel's events, and discards them.
func (k *kernelWatch) wait(ctx context.Context) error {
	blind := k.blind
	k.blind = false // until a folder cannot be added again
	if k.file == nil {
		return sleep(ctx)
	}
	if blind {
		_ = k.file.SetReadDeadline(time.Now().Add(pause))
	} else {
		_ = k.file.SetReadDeadline(time.Time{})
	}
	stop := context.AfterFunc(ctx, func() { _ = k.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var events [4096]byte
	_, err := k.file.Read(events[:])
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil, os.IsTimeout(err):
		return nil
	}
	return sleep(ctx) // it cannot be read: poll instead
}

func (k *kernelWatch) close() {
	if k.file != nil {
		_ = k.file.Close()
	}
}
