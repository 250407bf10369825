package legion_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

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

// gone waits for the end of processes. It says which of them stay.
func gone(t testing.TB, pidfds ...int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for _, fd := range pidfds {
		for ended := false; !ended; {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
			if ended = err == nil && n == 1; !ended && time.Now().After(deadline) {
				t.Errorf("a process stays: %s", portrait(fd))
				break
			}
		}
	}
}

// portrait describes the process behind a handle, for a message.
func portrait(pidfd int) string {
	info, _ := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	var pid int
	for line := range strings.Lines(string(info)) {
		_, _ = fmt.Sscanf(line, "Pid: %d", &pid)
	}
	text := strconv.Itoa(pid)
	for _, name := range []string{"stat", "wchan", "cmdline"} {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		text += " " + strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", " "))
	}
	return text
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
