//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// AwaitExit returns when the child is ending and can be reaped soon, without
// reaping it; or when it is gone. It blocks a thread.
func AwaitExit(pid int) {
	for !awaitEvent(pid) {
		time.Sleep(20 * time.Millisecond) // no free descriptor
	}
}

// awaitEvent waits for the child's end; false means that it could not.
func awaitEvent(pid int) bool {
	kq, err := unix.Kqueue()
	if err != nil {
		return false
	}
	defer unix.Close(kq)
	unix.CloseOnExec(kq)
	var event [1]unix.Kevent_t
	unix.SetKevent(&event[0], pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	event[0].Fflags = unix.NOTE_EXIT
	for {
		n, err := unix.Kevent(kq, event[:], event[:], nil)
		if err != unix.EINTR {
			return n > 0 || err == unix.ESRCH // an event, which may be an error that means the same; or the child is gone
		}
	}
}
