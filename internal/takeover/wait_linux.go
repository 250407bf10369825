package takeover

import "golang.org/x/sys/unix"

// awaitExit returns when the child can be reaped, without reaping it; or when somebody else has. It takes a thread.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
