package legion

import (
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machineLoad returns the load of the machine over 1, 5 and 15 minutes, to two
// digits after the point, as everybody shows it.
func machineLoad() (load [3]float64) {
	var machine unix.Sysinfo_t
	if unix.Sysinfo(&machine) != nil {
		return load
	}
	for i, n := range machine.Loads { // in units of 1/65536
		load[i] = math.Round(float64(n)/(1<<16)*100) / 100
	}
	return load
}

// residentMemory returns what is resident now, and the most that ever was.
func residentMemory() (now, peak uint64) {
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
