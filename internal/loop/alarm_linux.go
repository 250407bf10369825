package loop

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// timerfd is the kernel's high-resolution timer, on the monotonic clock. One
// goroutine waits for it in the runtime's poller; close ends that goroutine and
// waits for it.
type timerfd struct {
	fd     int // file's own, for settime; valid until close
	file   *os.File
	tokens chan time.Time
	ended  chan struct{}
}

func newPrecise() (alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	t := &timerfd{
		fd:     fd,
		file:   os.NewFile(uintptr(fd), "timerfd"),
		tokens: make(chan time.Time, 1),
		ended:  make(chan struct{}),
	}
	go t.watch()
	return t, nil
}

// watch turns expirations into tokens until the file is closed.
func (t *timerfd) watch() {
	defer close(t.ended)
	var expirations [8]byte
	for {
		if _, err := t.file.Read(expirations[:]); err != nil {
			return
		}
		select {
		case t.tokens <- time.Time{}:
		default:
		}
	}
}

func (t *timerfd) set(in time.Duration) {
	// 0 would disarm the timer. The call cannot fail: the descriptor is a timer's
	// and the time is in range.
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(in, 1)))}
	_ = unix.TimerfdSettime(t.fd, 0, &spec, nil)
}

func (t *timerfd) ring() <-chan time.Time { return t.tokens }

func (t *timerfd) close() {
	_ = t.file.Close() // the error does not matter: nothing was written
	<-t.ended
}
