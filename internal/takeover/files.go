package takeover

import (
	"os"
	"syscall"
)

// socketPair makes a pair of connected sockets. Our end can have a deadline;
// the child's end blocks.
func socketPair() (ours, child *os.File, err error) {
	return pair("socketpair", func(fds *[2]int) (err error) {
		*fds, err = syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		return err
	})
}

// pipe makes a pipe. The reading end can have a deadline; the writing end
// blocks, as every program expects of its stderr.
func pipe() (r, w *os.File, err error) {
	return pair("pipe", func(fds *[2]int) error { return syscall.Pipe(fds[:]) })
}

// pair makes two descriptors, both close-on-exec, the first one non-blocking.
func pair(call string, do func(*[2]int) error) (first, second *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock() // no child may start before both are close-on-exec
	err = do(&fds)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError(call, err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), call), os.NewFile(uintptr(fds[1]), call), nil
}

// descriptor returns f's descriptor without making it blocking, as Fd may.
func descriptor(f *os.File) (fd uintptr, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	err = conn.Control(func(n uintptr) { fd = n })
	return fd, err
}

// closeOnExec fails if fd is not open.
func closeOnExec(fd int) error {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	syscall.CloseOnExec(fd)
	return nil
}
