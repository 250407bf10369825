package proc

import (
	"os"
	"strconv"
	"strings"
)

// oomScore is what counts against a worker, in thousandths of the memory that there is, when the kernel has to end a
// process for want of memory: a worker can be replaced, its daemon cannot.
const oomScore = 500

// offerToKernel has the kernel choose this process, and those that it starts, before the daemon when memory is full.
// What the process uses that is not its own, as files in memory, does not count otherwise. Best effort.
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
