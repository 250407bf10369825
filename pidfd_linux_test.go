package legion_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pidfd is a handle of a process that stays its own when the number is given to
// another.
func pidfd(t testing.TB, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("pidfd of %d: %v", pid, err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// gone waits for the end of processes.
func gone(t testing.TB, pidfds ...int) {
	t.Helper()
	for _, fd := range pidfds {
		await(t, func() bool {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
			return err == nil && n == 1
		})
	}
}

// killChild kills a child of this process, and never a new process with the
// same number: it takes the handle before it looks at the parent.
func killChild(pid int) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = p.Release() }()
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
		_ = p.Signal(syscall.SIGKILL)
	}
}
