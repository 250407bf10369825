package proc

import (
	"os"
	"strconv"
	"strings"
)

// oomScore is added to a worker's score, in thousandths of all memory, when the
// kernel must kill a process because memory is short: a worker can be replaced,
// its daemon cannot.
const oomScore = 500

// offerToKernel makes the kernel kill this process, or processes that it
// starts, before the daemon when memory is full. Without it, memory that is not
// the process's own, such as files in memory, would not count. Best effort.
func offerToKernel() {
	f, err := os.OpenFile("/proc/self/oom_score_adj", os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	b := make([]byte, 16)
	n, _ := f.Read(b)
	if inherited, err := strconv.Atoi(strings.TrimSpace(string(b[:n]))); err == nil {
		_, _ = f.Write(strconv.AppendInt(b[:0], int64(min(inherited+oomScore, 1000)), 10))
	}
}
