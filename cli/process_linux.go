package cli

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// watchProcess returns a channel that is closed when the process is gone; at
// once if pid is 0 or there is none. forget ends the watch.
func watchProcess(pid int) (gone <-chan struct{}, forget func()) {
	over := make(chan struct{})
	if pid <= 0 {
		close(over)
		return over, func() {}
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return pollProcess(pid)
	}
	r, w, err := os.Pipe() // wakes the wait
	if err != nil {
		_ = unix.Close(fd)
		return pollProcess(pid)
	}
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(r.Fd()), Events: unix.POLLIN}}
			if _, err := unix.Poll(fds, -1); err == unix.EINTR {
				continue
			}
			if fds[0].Revents != 0 {
				close(over)
			}
			return
		}
	})
	return over, func() {
		_ = w.Close()
		watch.Wait()
		_ = r.Close()
		_ = unix.Close(fd)
	}
}

// ofService reports whether systemd runs the process as a service of that name.
func ofService(pid int, name string) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	return err == nil && strings.Contains(string(b), "/"+name+".service")
}
