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

// Bell is one end of a pair through which two processes wake each other. Ring
// at one end makes Wait return at the other.
type Bell struct {
	in  *os.File // the reading end of one pipe, in the network poller
	out int      // the writing end of the other; not in the poller, which would wake up for each byte that is read
	buf [64]byte // one read takes many rings
}

// BellFiles is the number of files of one end of a bell.
const BellFiles = 2

// Bells makes a pair: the bell of this process, and the files that the other
// one passes to OpenBell.
func Bells() (*Bell, []*os.File, error) {
	var files [2 * BellFiles]*os.File // for each end: reading end, writing end
	var err error
	if files[0], files[3], err = os.Pipe(); err == nil {
		files[2], files[1], err = os.Pipe()
	}
	mine, theirs := files[:BellFiles], files[BellFiles:]
	if err != nil {
		closeAll(files[:])
		return nil, nil, fmt.Errorf("make a bell: %w", err)
	}
	b, err := OpenBell(mine)
	if err != nil {
		closeAll(theirs)
		return nil, nil, err
	}
	return b, theirs, nil
}

// OpenBell makes a bell of two files and takes ownership of them, also when it
// fails.
func OpenBell(files []*os.File) (*Bell, error) {
	defer closeAll(files)
	if len(files) != BellFiles {
		return nil, fmt.Errorf("open a bell: %d files, want %d", len(files), BellFiles)
	}
	out, err := duplicate(files[1])
	if err != nil {
		return nil, fmt.Errorf("open a bell: %w", err)
	}
	in, err := Pollable(files[0])
	if err != nil {
		syscall.Close(out)
		return nil, fmt.Errorf("open a bell: %w", err)
	}
	return &Bell{in: in, out: out}, nil
}

// Wait blocks the goroutine until the bell has been rung since the last Wait,
// and may also return for no reason. It returns io.EOF when the other end is
// closed. Only one goroutine may wait at a time.
func (b *Bell) Wait() error {
	_, err := b.in.Read(b.buf[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// A Kick. The deadline is cleared before the caller checks the reason, so that
		// no later kick is lost.
		b.in.SetReadDeadline(time.Time{})
		return nil
	}
	return err
}

// Kick makes the current Wait of this end return, or else the next one. Any
// goroutine may call it; it uses the descriptor only through its file, so it is
// safe even while the bell is being closed.
func (b *Bell) Kick() { b.in.SetReadDeadline(past) }

var past = time.Unix(1, 0)

// Close frees the descriptors. No goroutine may be in Ring during the call or
// call it later.
func (b *Bell) Close() error { return errors.Join(b.in.Close(), syscall.Close(b.out)) }

// Pollable returns a file for f's open file description that is non-blocking,
// in the runtime's poller, and closed on exec. It takes ownership of f, also
// when it fails.
func Pollable(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := duplicate(f)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// duplicate returns a new descriptor for f's open file description, closed on
// exec, and makes the description non-blocking. An inherited description is
// blocking, and the poller would not take it.
func duplicate(f *os.File) (int, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("duplicate %s: %w", f.Name(), err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("make %s non-blocking: %w", f.Name(), err)
	}
	return fd, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close() // f may be nil: Close then just returns an error
	}
}
