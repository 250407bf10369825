package control

import "golang.org/x/sys/unix"

// peerPID is the process at the other end, 0 if the kernel does not say.
func peerPID(fd int) int {
	pid, err := unix.GetsockoptInt(fd, solLocal, unix.LOCAL_PEERPID)
	if err != nil {
		return 0
	}
	return pid
}
