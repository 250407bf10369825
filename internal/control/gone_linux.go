package control

import "golang.org/x/sys/unix"

// hungUp reports whether the other end of a socket is closed; with half, also
// whether it has shut down its sending half. It sees this even behind unread
// data.
func hungUp(fd int, half bool) bool {
	ask := []unix.PollFd{{Fd: int32(fd)}}
	if half {
		ask[0].Events = unix.POLLRDHUP
	}
	n, err := unix.Poll(ask, 0)
	return err == nil && n > 0 && ask[0].Revents != 0
}
