package proc

import (
	"os"
	"strconv"
)

// Tracer returns the process that traces the given one, such as a debugger or
// strace, or 0. The tracer may hold a process for as long as it likes; a killed
// process is then not gone before the tracer lets go.
func Tracer(pid int) int {
	thread := statusNumber(pid, "TracerPid")
	if thread == 0 {
		return 0
	}
	return statusNumber(thread, "Tgid")
}

// statusNumber reads a field of /proc/<pid>/status; pid may be a thread's.
func statusNumber(pid int, field string) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	return int(number(statusField(string(b), field)))
}
