package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Capabilities finds out what this system lets proc do. The first call may make
// and remove a cgroup.
func Capabilities() Caps {
	c := Caps{Lifeline: "kernel", Memory: true, DataLimit: true}
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err == nil {
		c.Pidfd = true
		unix.Close(fd)
	}
	if err := privileged(); err != nil {
		c.Users = err.Error()
	}
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	c.MemoryCgroup = cgroupPlace(memoryController).capability()
	c.CPUCgroup = cgroupPlace(cpuController).capability()
	c.PidsCgroup = cgroupPlace(pidsController).capability()
	return c
}

func (p place) capability() (c CgroupPlace) {
	err := p.reason
	if err == nil {
		c.Version, c.Dir = fmt.Sprintf("v%d", p.version), p.dir
		err = p.failed
	}
	if err != nil {
		c.Reason = err.Error()
	}
	return c
}
