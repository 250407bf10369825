package host

import (
	"os"
	"strconv"
	"strings"
)

// Memory returns the resident memory of this process in bytes, now and at its
// peak, including its program and shared memory; 0 where it is not known. It
// costs a file read in /proc.
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
