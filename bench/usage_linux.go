package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ownCPU is the CPU time that this process has used so far.
func ownCPU() (time.Duration, bool) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}

// readBusy reads how much CPU time the machine has used so far, and this
// process with its children: those that have ended only.
func readBusy() (b busy, ok bool) {
	var self, children unix.Rusage
	text, err := os.ReadFile("/proc/stat")
	if err != nil || unix.Getrusage(unix.RUSAGE_SELF, &self) != nil || unix.Getrusage(unix.RUSAGE_CHILDREN, &children) != nil {
		return busy{}, false
	}
	b.all, b.cpus, ok = busyOf(string(text))
	b.own = time.Duration(self.Utime.Nano() + self.Stime.Nano() + children.Utime.Nano() + children.Stime.Nano())
	b.at = time.Now()
	return b, ok
}

// busyOf reads the first line of /proc/stat, in hundredths of a second: user,
// nice, system, idle, iowait, irq, softirq, steal. What the hypervisor took
// counts as busy. A line for each CPU follows.
func busyOf(stat string) (sum time.Duration, cpus int, ok bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	cpus = strings.Count(stat, "\ncpu")
	if len(fields) < 9 || fields[0] != "cpu" || cpus == 0 {
		return 0, 0, false
	}
	for _, at := range []int{1, 2, 3, 6, 7, 8} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return 0, 0, false
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum, cpus, true
}

// processCPU is the CPU time that processes have used so far, to the
// nanosecond: /proc has steps of 10 ms.
func processCPU(pids []int) (time.Duration, bool) {
	var sum time.Duration
	for _, pid := range pids {
		// clock_getcpuclockid(3): the inverted pid, then the kind of clock; 2 is the
		// scheduler's, of the whole process
		clock := int32(^pid)<<3 | 2
		var ts unix.Timespec
		if unix.ClockGettime(clock, &ts) != nil {
			return 0, false
		}
		sum += time.Duration(ts.Nano())
	}
	return sum, len(pids) > 0
}

// processMemory adds up the private memory of processes, and their PSS, in KiB.
func processMemory(pids []int) (private, pss float64, ok bool) {
	for _, pid := range pids {
		file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, 0, false
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			name, rest, _ := strings.Cut(lines.Text(), ":")
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
			if err != nil {
				continue // the line that names the range
			}
			switch name {
			case "Private_Clean", "Private_Dirty":
				private += kib
			case "Pss":
				pss += kib
			}
		}
		file.Close()
	}
	return private, pss, len(pids) > 0
}
