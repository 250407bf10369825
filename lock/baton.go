package lock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// baton tells the new process of an upgrade when the lock becomes its own. Both
// hold the lock by then, but only one is the daemon, and other processes must
// find that one's process id.
//
// It is a pipe to which nothing is ever written. The new process inherits the
// reading end, and reads its end when the old one passes the baton on, because
// the upgrade has succeeded, or when the old one ends for any reason. If the
// upgrade fails, nothing has changed: the old process keeps it for the next.
type baton struct {
	read, write *os.File      // of this process, for the next one
	await       *os.File      // of the process before; nil if there is none
	waited      chan struct{} // closed when nothing is waited for
}

// newBaton makes the pipe for the next process. If there was a process before
// this one, own is called when this process gets the baton, and failed if own
// fails.
func newBaton(d host, name string, own func() error, failed func(error)) (*baton, error) {
	b := &baton{waited: make(chan struct{})}
	if inherited := d.Inherited(name); inherited != nil {
		var err error
		b.await, err = pollable(inherited)
		_ = inherited.Close()
		if err != nil {
			return nil, fmt.Errorf("taking over from the process before: %w", err)
		}
	}
	var err error
	if b.read, b.write, err = os.Pipe(); err != nil {
		if b.await != nil {
			_ = b.await.Close()
		}
		return nil, err
	}
	d.Keep(name, b.read)
	if b.await == nil {
		close(b.waited)
		return b, nil
	}
	go func() {
		defer close(b.waited)
		if _, err := b.await.Read(make([]byte, 1)); errors.Is(err, os.ErrClosed) {
			return // by close
		}
		if err := own(); err != nil {
			failed(err)
		}
	}()
	return b, nil
}

// pass passes the baton on.
func (b *baton) pass() { _ = b.write.Close() }

// close ends the wait for the baton, and passes it on.
func (b *baton) close() {
	if b.await != nil {
		_ = b.await.Close()
		<-b.waited
	}
	_ = b.write.Close()
	_ = b.read.Close()
}

// pollable returns another File for the same pipe whose reads end when it is
// closed; those of a blocking one would not.
func pollable(f *os.File) (*os.File, error) {
	fd := -1
	err := control(f, func(old int) (err error) {
		if fd, err = unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.SetNonblock(fd, true)
	})
	if err != nil {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
