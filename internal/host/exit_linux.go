package host

import "golang.org/x/sys/unix"

// AwaitExit returns when the child can be reaped, without reaping it; or when it
// has been reaped elsewhere. It takes a thread.
func AwaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
