//go:build unix

package proc

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// leaders are the children that live, by their process ids: each leads a process group of its own.
var leaders sync.Map

// OfWorker reports whether a process is a child of this process made by [Start], or comes from one. It is told by its
// process group, and on Linux by the cookie of a daemon of that name in its environment, or by its parents. A process that
// has left its group, was started with another environment and has lost its parents cannot be told, nor can one that has
// ended. It may read a file for each of its parents.
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
