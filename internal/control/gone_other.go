//go:build !linux

package control

import "golang.org/x/sys/unix"

// hungUp reports whether the other end of a socket has been closed. Not every
// system tells a half from the whole: with half false some take a client that
// sends nothing more for one that has gone.
func hungUp(fd int, half bool) bool {
	ask := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(ask, 0)
	return err == nil && n > 0 && ask[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}
