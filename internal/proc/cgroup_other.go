//go:build unix && !linux

package proc

import (
	"errors"
	"os"
)

// cgroup is the cgroup of one child; this system has none.
type cgroup struct {
	join  []*os.File
	enter *os.File
}

var errNoCgroups = errors.New("only Linux has cgroups")

// newCgroup refuses the limits that only cgroups hold.
func newCgroup(l Limits) (cgroup, error) {
	switch {
	case l.CPU != 0:
		return cgroup{}, errors.New(needs("CPU", "cpu", errNoCgroups.Error()))
	case l.Threads != 0:
		return cgroup{}, errors.New(needs("Threads", "pids", errNoCgroups.Error()))
	}
	return cgroup{}, nil
}

func giveUpEntering(error)     {}
func (g *cgroup) close()       {}
func (g *cgroup) killed() bool { return false }
func (g *cgroup) remove()      {}
