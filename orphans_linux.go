package legion

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reapInterval is how often a daemon that is process 1 looks for orphans.
const reapInterval = 2 * time.Second

// reapOrphans waits for the dead that nobody else waits for, if this process is
// process 1 of its pid namespace, as in a container: the kernel makes it the
// parent of every orphan. A zombie that is still there at the second look has
// nobody: whoever started it, package os/exec for instance, waits at once.
func (d *Daemon) reapOrphans() {
	if os.Getpid() != 1 {
		return
	}
	d.owned.Go(func() {
		ticker := time.NewTicker(reapInterval)
		defer ticker.Stop()
		before := map[int]bool{}
		for {
			select {
			case <-ticker.C:
			case <-d.closing.Done():
				return
			}
			now := zombies()
			for pid := range now {
				if before[pid] {
					_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
				}
			}
			before = now
		}
	})
}

// zombies returns the dead children of this process.
func zombies() map[int]bool {
	found := map[int]bool{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	self := strconv.Itoa(os.Getpid())
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // gone meanwhile
		}
		// The command, in parentheses, may hold anything; state and parent follow.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(fields) > 1 && fields[0] == "Z" && fields[1] == self {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			found[pid] = true
		}
	}
	return found
}
