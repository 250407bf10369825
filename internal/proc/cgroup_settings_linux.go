package proc

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// setting is a value for a file of a cgroup.
type setting struct {
	file, value string
	optional    bool // the file may be missing, and writing to it may fail
	// within says that the kernel refuses the value with EINVAL if the cgroup above
	// allows less; then that limit holds.
	within bool
}

// cpuPeriod is the time in microseconds in which the kernel counts a quota: its
// own default.
const cpuPeriod = 100_000

// settings returns what makes the controller hold l.
func (c controller) settings(version int, l Limits) []setting {
	switch c {
	case cpuController:
		quota := strconv.Itoa(int(l.CPU*cpuPeriod + 0.5))
		if version == 1 {
			return []setting{{file: "cpu.cfs_period_us", value: strconv.Itoa(cpuPeriod)}, {file: "cpu.cfs_quota_us", value: quota, within: true}}
		}
		return []setting{{file: "cpu.max", value: fmt.Sprintf("%s %d", quota, cpuPeriod)}}
	case pidsController:
		return []setting{{file: "pids.max", value: strconv.Itoa(l.Threads)}}
	}
	bytes := strconv.FormatUint(l.Memory+headroom(l.Memory), 10)
	if version == 1 {
		return []setting{
			{file: "memory.limit_in_bytes", value: bytes},
			{file: "memory.memsw.limit_in_bytes", value: bytes, optional: true}, // memory and swap together; missing where swap is not counted
		}
	}
	return []setting{
		{file: "memory.max", value: bytes},
		{file: "memory.swap.max", value: "0", optional: true},
		{file: "memory.oom.group", value: "1", optional: true}, // all processes are killed together, since Linux 4.19
	}
}

// memoryEvents is the file that counts the kernel's kills because of memory.
func memoryEvents(version int) string {
	if version == 1 {
		return "memory.oom_control"
	}
	return "memory.events"
}

// headroom is what a cgroup may have beyond Limits.Memory. A cgroup counts all
// resident memory, also the program's start and the kernel's bookkeeping. With
// headroom a Go program's heap reaches RLIMIT_DATA first, which leaves a stack
// trace; the kernel's kill leaves nothing.
func headroom(limit uint64) uint64 { return 16<<20 + limit/16 }

// set writes the setting to the cgroup dir.
func (s setting) set(dir string) error {
	err := writeControl(dir, s.file, s.value)
	if s.optional || s.within && errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
