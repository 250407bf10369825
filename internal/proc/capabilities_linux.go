package proc

import (
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
	g := &cgroups
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.CgroupDir = cgroupBase(); c.CgroupDir != "" {
		c.Cgroup = g.kind.version
	}
	if g.reason != nil {
		c.CgroupReason = g.reason.Error()
	}
	return c
}
