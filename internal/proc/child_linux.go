package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// armLifeline makes the kernel kill this process's group when the pipe at fd is
// closed at its other end, and makes sure that it was not closed before. Then
// it closes fd: the daemon has the open file too (see keepsLifeline), and
// without a descriptor this process cannot take back what it asked for.
//
// Owner, signal and mode belong to the open file, not to the descriptor; so
// each child needs a separate pipe. The kernel checks the permission to signal
// against the ids this process has now.
func armLifeline(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return fmt.Errorf("descriptor %d is not a pipe", fd)
	}
	for _, step := range []struct{ cmd, arg int }{
		{unix.F_SETOWN, -os.Getpid()}, // negative: the whole group
		{unix.F_SETSIG, int(unix.SIGKILL)},
		{unix.F_SETFL, unix.O_ASYNC | unix.O_NONBLOCK},
	} {
		if _, err := unix.FcntlInt(uintptr(fd), step.cmd, step.arg); err != nil {
			return os.NewSyscallError("fcntl", err)
		}
	}
	// The order makes this safe: this read notices an earlier close, the kernel a
	// later one.
	var b [1]byte
	switch n, err := unix.Read(fd, b[:]); {
	case err == unix.EAGAIN || err == unix.EINTR:
		return os.NewSyscallError("close", unix.Close(fd))
	case n == 0 && err == nil:
		return errors.New("the daemon has ended already")
	default:
		return fmt.Errorf("reading the lifeline: %d bytes, %v", n, err)
	}
}

// setComm sets what top and ps show as the command. Package initialisation runs
// on the main thread, whose name is the process's. Best effort.
func setComm(name string) {
	if name == "" {
		return
	}
	var comm [16]byte // TASK_COMM_LEN, with a zero at its end
	copy(comm[:15], name)
	unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&comm[0])), 0, 0, 0)
}

// renice sets the nice value of all threads. In the kernel each thread has its
// own nice value, and the Go runtime has started some threads by now; setting
// it for the process group, which is only this process, reaches all of them
// but one that is just being created. So it is set more than once, and those
// threads are looked for where /proc can be read: in a sandbox it cannot.
func renice(nice int) error {
	for range 3 {
		if err := unix.Setpriority(unix.PRIO_PGRP, 0, nice); err != nil {
			return os.NewSyscallError("setpriority", err)
		}
	}
	_ = host.Nice(nice)
	return nil
}

// limitData allows this process n bytes of private writable mappings, touched
// or not, beyond those it has now. Those it has now do not count, because they
// cannot be avoided: the runtime's own tables, the race detector's shadow
// memory, the stacks of C threads.
func limitData(n uint64) error {
	now, err := ownSizes()
	if err != nil {
		return err
	}
	return setrlimit(unix.RLIMIT_DATA, now.data+n)
}

func closeOnExec(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
	return err
}

// setrlimit sets soft and hard limit through package syscall, which then does
// not reset RLIMIT_NOFILE when it starts a grandchild.
func setrlimit(resource int, n uint64) error {
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: n, Max: n})
}

// lower lowers soft and hard limit to n, if they are higher.
func lower(resource int, n uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	return os.NewSyscallError("setrlimit", setrlimit(resource, min(n, now.Max)))
}

// noCore is the RLIMIT_CORE that forbids core dumps. With 0 the kernel would
// still give them to the program that core_pattern names; 1 is less than any
// core dump, and forbids that too: see core(5). A hard limit of 0 stays 0.
const noCore = 1
