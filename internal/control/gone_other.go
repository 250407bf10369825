//go:build !linux

package control

import "golang.org/x/sys/unix"

// hungUp reports whether the other end of a socket has been closed. Not every
// system distinguishes a half-closed end: with half false some report a client
// that has only shut down its sending half as gone.
func hungUp(fd int, half bool) bool {
	ask := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(ask, 0)
	return err == nil && n > 0 && ask[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}
