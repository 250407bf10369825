package proc

import (
	"os"
	"strconv"
)

// mostParents bounds how many parents are followed: they may change meanwhile.
const mostParents = 64

// descends reports whether a process, or one of its parents, comes from a
// worker.
func descends(pid int, daemon string) bool {
	if c, ok := cookieOf(pid); ok && c.name == daemon && c.namespace == namespace() {
		return true
	}
	for range mostParents {
		f := stat("/proc/" + strconv.Itoa(pid))
		if len(f) < 2 {
			return false
		}
		if pid = int(number(f[1])); pid <= 1 || pid == os.Getpid() {
			return false
		}
		if inGroupOfWorker(pid) {
			return true
		}
	}
	return false
}
