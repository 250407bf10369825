//go:build unix && !linux

package proc

import (
	"fmt"
	"os"
	"syscall"
)

// armLifeline kills this process's group when the pipe at fd is closed at its
// other end. Unlike on Linux this needs a running goroutine: it does not work
// in a stopped process.
func armLifeline(fd int) error {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFIFO {
		return fmt.Errorf("descriptor %d is not a pipe", fd)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	lifeline := os.NewFile(uintptr(fd), "lifeline")
	go func() { // ends with the process
		var b [1]byte
		lifeline.Read(b[:])
		syscall.Kill(0, syscall.SIGKILL) // 0: its own group
	}()
	return nil
}

// setComm does nothing: this system only has argv[0].
func setComm(string) {}

// renice sets the nice value of this process.
func renice(nice int) error {
	return os.NewSyscallError("setpriority", syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice))
}

// limitData does nothing: RLIMIT_DATA does not count mmap on these systems.
// Only GOMEMLIMIT remains.
func limitData(uint64) error { return nil }

func closeOnExec(fd int) error {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	syscall.CloseOnExec(fd)
	return nil
}

func setrlimit(resource int, n uint64) error {
	var l syscall.Rlimit
	l.Cur, l.Max = limitValue(n), limitValue(n)
	return os.NewSyscallError("setrlimit", syscall.Setrlimit(resource, &l))
}

// lower lowers soft and hard limit.
func lower(resource int, n uint64) error { return setrlimit(resource, n) }

// noCore is the RLIMIT_CORE that forbids core dumps.
const noCore = 0
