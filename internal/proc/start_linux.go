package proc

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable returns this program's file: it stays the same even if the file is
// replaced.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Lstat(self); err != nil {
		return "", fmt.Errorf("%w: workers execute the file of their own program through %s: mount /proc", err, self)
	}
	return self, nil
}

// keepsLifeline: the daemon keeps the child's end of the lifeline open too. The
// kernel's action at the close of the other end belongs to the open file, which
// then exists although the child has closed its descriptor, and even if it has
// executed another program, or died. When the daemon dies the kernel closes
// both ends, the one with the lower number last (Linux 4.4 and later); pipe2
// gives the lower number to the reading end.
const keepsLifeline = true

func systemAttr(a *syscall.SysProcAttr, pidfd *int, c cgroup) {
	a.Pdeathsig = syscall.SIGKILL
	a.PidFD = pidfd
	a.UseCgroupFD = c.enter != nil
	if c.enter != nil {
		a.CgroupFD = int(c.enter.Fd())
	}
}

// newPipe makes a pipe: ours is its reading end if readable, else its writing
// end. Our end can have a deadline; the child's end blocks, as every program
// expects of its stdout.
func newPipe(readable bool) (ours, child *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return pipeFiles(fds, readable)
}
