package legion

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// processStats fills in what is of the daemon's own process and its machine.
func (d *Daemon) processStats(s *Stats) {
	id := host.Current()
	if s.User = id.Name; s.User == "" {
		s.User = strconv.Itoa(id.UID)
	}
	s.Host, _ = os.Hostname()
	d.mu.Lock()
	started, initial := d.startedAt, d.memoryAtStart
	d.mu.Unlock()
	if !started.IsZero() {
		s.Uptime = time.Since(started)
	}
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) == nil {
		s.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	s.Memory.Initial = initial
	s.Memory.Now, s.Memory.Peak = residentMemory()
	b, _ := os.ReadFile("/proc/loadavg")
	for i, field := range strings.Fields(string(b)) {
		if i < len(s.Load) {
			s.Load[i], _ = strconv.ParseFloat(field, 64)
		}
	}
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
