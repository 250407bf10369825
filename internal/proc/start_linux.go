package proc

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable is this program's file: still the same after another one has been put in its place.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Lstat(self); err != nil {
		return "", fmt.Errorf("%w: workers execute the file of their own program through %s: mount /proc", err, self)
	}
	return self, nil
}

// keepsLifeline: the daemon keeps the child's end of the lifeline open too. What the kernel does when the other end is
// closed hangs on the open file, which then is there whatever the child has done with its descriptor: closed it, executed
// another program, or died. When the daemon dies both ends are closed by the kernel, the one with the lower number last
// (Linux 4.4 and later); pipe2 gives that to the reading end.
const keepsLifeline = true

func systemAttr(a *syscall.SysProcAttr, pidfd *int, c cgroup) {
	a.Pdeathsig = syscall.SIGKILL
	a.PidFD = pidfd
	a.UseCgroupFD = c.enter != nil
	if c.enter != nil {
		a.CgroupFD = int(c.enter.Fd())
	}
}

// newPipe makes a pipe: ours is its reading end if readable, else its writing end. Ours can have a deadline; the child's
// blocks, as every program expects of its stdout.
func newPipe(readable bool) (ours, child *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return pipeFiles(fds, readable)
}
