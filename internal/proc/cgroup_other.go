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

const noCgroups = "only Linux has cgroups"

// lacking returns why no cgroup can be made.
func lacking(controller) string { return noCgroups }

// newCgroup refuses the limits that only cgroups hold.
func newCgroup(l Limits) (cgroup, error) {
	for _, name := range l.controllers() {
		if name != memoryController {
			return cgroup{}, errors.New(needs(name, noCgroups))
		}
	}
	return cgroup{}, nil
}

func giveUpEntering(error)     {}
func (g *cgroup) close()       {}
func (g *cgroup) killed() bool { return false }
func (g *cgroup) remove()      {}
