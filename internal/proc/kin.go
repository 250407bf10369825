//go:build unix

package proc

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// leaders are the living children, by process id: each leads its own process
// group.
var leaders sync.Map

// OfWorker reports whether a process is a child of this process made by
// [Start], or descends from one. It checks the process group, and on Linux also
// the environment, for the cookie of a daemon of that name, and the parents. It
// cannot recognise a process that has left its group, was started with another
// environment and has lost its parents, nor one that has ended. It may read a
// file for each parent.
func OfWorker(pid int, daemon string) bool {
	if pid <= 0 || pid == os.Getpid() {
		return false
	}
	return inGroupOfWorker(pid) || descends(pid, daemon)
}

func inGroupOfWorker(pid int) bool {
	if _, ok := leaders.Load(pid); ok {
		return true
	}
	group, err := unix.Getpgid(pid)
	if err != nil {
		return false
	}
	_, ok := leaders.Load(group)
	return ok
}
