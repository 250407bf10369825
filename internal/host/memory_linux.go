package host

import (
	"os"
	"strconv"
	"strings"
)

// Memory returns the bytes of memory that this process has resident now, those of
// its program and of shared memory included, and the most that it ever had; 0
// where the system does not tell. It costs a file read in /proc.
func Memory() (now, peak uint64) {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak
}
