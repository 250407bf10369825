package host

import "golang.org/x/sys/unix"

// AwaitExit returns when the child can be reaped, without reaping it; or when
// other code has reaped it. It blocks a thread.
func AwaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
