package proc

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// oomScore is added to a worker's score, in thousandths of all memory, when the
// kernel must kill a process because memory is short: a worker can be replaced,
// its daemon cannot.
const oomScore = 500

// offerToKernel makes the kernel kill this process, or processes that it
// starts, before the daemon when memory is full. Without it, memory that is not
// the process's own, such as files in memory, would not count. Best effort. An
// os.File would cost the start of each worker five more system calls.
func offerToKernel() {
	fd, err := unix.Open("/proc/self/oom_score_adj", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	b := make([]byte, 16)
	n, _ := unix.Read(fd, b)
	if inherited, err := strconv.Atoi(strings.TrimSpace(string(b[:max(n, 0)]))); err == nil {
		_, _ = unix.Write(fd, strconv.AppendInt(b[:0], int64(min(inherited+oomScore, 1000)), 10))
	}
}
