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
	const file = "/proc/self/oom_score_adj"
	b, err := os.ReadFile(file)
	if err != nil {
		return
	}
	if inherited, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
		_ = os.WriteFile(file, strconv.AppendInt(nil, int64(min(inherited+oomScore, 1000)), 10), 0)
	}
}
