package proc

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// awaitExit returns when the child can be reaped, without reaping it; or when
// other code has reaped it.
//
// With a pidfd the netpoller waits; without one the wait takes a thread.
func awaitExit(pid int, pidfd *os.File) {
	if pidfd != nil {
		if conn, err := pidfd.SyscallConn(); err == nil {
			if conn.Read(func(uintptr) bool { return exited(pid, unix.WNOHANG) }) == nil {
				return
			}
		}
	}
	exited(pid, 0)
}

// exited reports whether the child is a zombie, or gone.
func exited(pid int, options int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|options, nil)
		if err == unix.EINTR {
			continue
		}
		return err != nil || info.Signo != 0 // ECHILD: gone
	}
}

// ours reports whether the pidfd's process has not been reaped. Only this
// package should reap it; a wait4(-1) elsewhere in the program could.
func ours(pidfd *os.File) bool {
	return pidfd == nil || !errors.Is(unix.PidfdSendSignal(int(pidfd.Fd()), 0, nil, 0), unix.ESRCH)
}

// dying reports whether the process is ending already: in its exit, or with a
// SIGKILL on its way.
//
// The kernel makes a SIGKILL pending for each thread at once. A thread takes it
// from its own set a moment before the exit shows in the kernel's flags of the
// task; it stays in the set of the process, where a signal to the whole process
// is noted, too: all three are asked.
func dying(pid int) bool {
	const killed = 1 << (unix.SIGKILL - 1) // in a set of signals
	dir := "/proc/" + strconv.Itoa(pid)
	if ending(stat(dir)) {
		return true
	}
	status, _ := os.ReadFile(dir + "/status")
	return (pending(string(status), "SigPnd")|pending(string(status), "ShdPnd"))&killed != 0
}

// ending reports whether the fields of stat are of a thread in its exit.
func ending(fields []string) bool {
	const (
		exiting      = 0x4      // PF_EXITING
		state, flags = 0, 9 - 3 // fields 3 and 9 of proc(5)
	)
	return len(fields) > flags && (fields[state] == "Z" || number(fields[flags])&exiting != 0)
}

// pending returns a set of signals of the text of status in a folder of /proc.
func pending(status, set string) uint64 {
	signals, _ := strconv.ParseUint(statusField(status, set), 16, 64)
	return signals
}

// statusField returns a field of the text of status in a folder of /proc.
func statusField(status, name string) string {
	_, rest, _ := strings.Cut(status, "\n"+name+":")
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(value)
}

// stat returns the fields of the file stat in a folder of /proc that follow the
// command, which is field 2 in proc(5) and may have spaces and parentheses in
// it.
func stat(dir string) []string {
	b, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

// processorTime reads the processor clock of a process, which counts
// nanoseconds; /proc/<pid>/stat has the same in steps of ten milliseconds. The
// kernel's interface defines how a process id maps to the clock's number: see
// clock_getcpuclockid(3).
func processorTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: all its time on a processor
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(t.Nano()), nil
}

func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return s.String()
}
