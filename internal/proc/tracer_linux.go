package proc

import (
	"os"
	"strconv"
	"strings"
)

// Tracer returns the process that traces the given one, as a debugger and strace do, or 0. What is traced may be held for
// as long as somebody looks at it, and is then not gone when it is killed before the tracer lets go.
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
	_, rest, _ := strings.Cut(string(b), "\n"+field+":")
	line, _, _ := strings.Cut(rest, "\n")
	return int(number(strings.TrimSpace(line)))
}
