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
	const (
		exiting      = 0x4                     // PF_EXITING
		killed       = 1 << (unix.SIGKILL - 1) // in a set of signals
		state, flags = 0, 9 - 3                // fields 3 and 9 of proc(5)
	)
	dir := "/proc/" + strconv.Itoa(pid)
	if f := stat(dir); len(f) > flags && (f[state] == "Z" || number(f[flags])&exiting != 0) {
		return true
	}
	status, _ := os.ReadFile(dir + "/status")
	for line := range strings.Lines(string(status)) {
		name, set, _ := strings.Cut(line, ":")
		if name != "SigPnd" && name != "ShdPnd" {
			continue
		}
		if n, _ := strconv.ParseUint(strings.TrimSpace(set), 16, 64); n&killed != 0 {
			return true
		}
	}
	return false
}

// sendQuit sends stackSignal to a Go process so that the goroutine that keeps
// it busy is in the report.
//
// The runtime can show the stack of a running goroutine only on the thread that
// it runs on, or after interrupting it, which works in most loops but not in
// all. The kernel would give the signal to the process's first thread. So
// sendQuit sends it to the running thread; if no thread runs, no goroutine runs
// either, and any thread will do.
func sendQuit(pid int) error {
	tid, stopped := busiest(pid)
	if stopped {
		if err := unix.Kill(pid, unix.SIGCONT); err != nil {
			return err
		}
		tid, _ = busiest(pid)
	}
	if tid != 0 {
		if err := unix.Tgkill(pid, tid, stackSignal); err != unix.ESRCH {
			return err
		}
	}
	return unix.Kill(pid, stackSignal)
}

// busiest returns the id of the runnable thread that has used the most
// processor time, 0 if none is runnable; and whether a thread is stopped.
func busiest(pid int) (tid int, stopped bool) {
	const state, user, system = 0, 14 - 3, 15 - 3 // see dying
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	d, err := os.Open(dir)
	if err != nil {
		return 0, false
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	var most uint64
	for _, name := range names {
		f := stat(dir + "/" + name)
		if len(f) <= system {
			continue
		}
		switch f[state] {
		case "T":
			stopped = true
		case "R":
			if t := 1 + number(f[user]) + number(f[system]); t > most {
				most = t
				tid, _ = strconv.Atoi(name)
			}
		}
	}
	return tid, stopped
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
