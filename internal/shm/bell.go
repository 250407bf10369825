//go:build unix

package shm

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Bell is one end of a pair through which two processes wake each other. Ring at one end makes Wait return at the
// other.
type Bell struct {
	f   *os.File // non-blocking, in the network poller
	fd  int
	buf [64]byte // many rings are one
}

// Bells makes a pair: the bell of this process, and the file that the other one passes to OpenBell.
func Bells(name string) (*Bell, *os.File, error) {
	mine, theirs, err := Socketpair(name)
	if err != nil {
		return nil, nil, fmt.Errorf("make a bell: %w", err)
	}
	b, err := OpenBell(mine)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return b, theirs, nil
}

// OpenBell makes a bell of a file and takes ownership of it, also when it fails.
func OpenBell(f *os.File) (*Bell, error) {
	f, fd, err := Pollable(f)
	if err != nil {
		return nil, fmt.Errorf("open a bell: %w", err)
	}
	return &Bell{f: f, fd: fd}, nil
}

// Wait blocks the goroutine until the bell has been rung since the last Wait, and may also return for no reason. It
// returns io.EOF when the other end is closed. One goroutine at a time.
func (b *Bell) Wait() error {
	_, err := b.f.Read(b.buf[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// Kick. The deadline is lifted before the caller looks at why it was kicked, so that no later kick is lost.
		b.f.SetReadDeadline(time.Time{})
		return nil
	}
	return err
}

// Kick makes a Wait of this end return, the present one or else the next. Any goroutine; it touches the descriptor
// through its file only, so it is safe even when the bell is being closed.
func (b *Bell) Kick() { b.f.SetReadDeadline(past) }

var past = time.Unix(1, 0)

// Close frees the descriptor. Nobody may be inside Ring, now or later.
func (b *Bell) Close() error { return b.f.Close() }

// Pollable returns a file for f's open file description, and its number: non-blocking, in the runtime's poller and
// closed on exec. It takes ownership of f, also when it fails.
func Pollable(f *os.File) (*os.File, int, error) {
	defer f.Close()
	// A descriptor of its own: f's Close does not touch it, and the poller is told that it does not block.
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("duplicate %s: %w", f.Name(), err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, 0, fmt.Errorf("make %s non-blocking: %w", f.Name(), err)
	}
	return os.NewFile(uintptr(fd), f.Name()), fd, nil
}
