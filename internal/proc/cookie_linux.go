package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Each child, and every process it starts, has the cookie in its environment.
// It identifies the owner of a process when all other ties are cut: when the
// process has left its group and its parents are gone. A process that was
// started with another environment, or overwrites it, cannot be identified.

// cookieName is the environment variable.
const cookieName = "_LEGION_WORKER"

// cookie identifies the child and the daemon that a process comes from.
type cookie struct {
	namespace uint64 // inode of the namespace of process ids
	daemon    int    // process id
	born      uint64 // when the daemon was started, in the kernel's ticks; with the id this is unique
	child     uint64 // a number of this package
	name      string // of the daemon
}

func (c cookie) String() string {
	return fmt.Sprintf("%d:%d:%d:%d:%s", c.namespace, c.daemon, c.born, c.child, c.name)
}

func parseCookie(text string) (c cookie, ok bool) {
	f := strings.SplitN(text, ":", 5)
	if len(f) < 5 {
		return c, false
	}
	c = cookie{number(f[0]), int(number(f[1])), number(f[2]), number(f[3]), f[4]}
	return c, c.String() == text && c.daemon > 0
}

// lineage holds the contents of this process's cookies, and its living
// children.
var lineage struct {
	mu       sync.Mutex
	self     cookie
	children map[uint64]bool
}

// newCookie makes the cookie of the next child, which counts as alive until
// forget is called for its number.
func newCookie(name string) (text string, child uint64) {
	l := &lineage
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.children == nil {
		l.children = map[uint64]bool{}
		l.self = cookie{namespace: namespace(), daemon: os.Getpid(), born: born(os.Getpid())}
	}
	l.self.child++
	l.children[l.self.child] = true
	c := l.self
	c.name = name
	return c.String(), c.child
}

// hasStarted reports whether this process has started a child.
func hasStarted() bool {
	lineage.mu.Lock()
	defer lineage.mu.Unlock()
	return lineage.children != nil
}

func forget(child uint64) {
	lineage.mu.Lock()
	defer lineage.mu.Unlock()
	delete(lineage.children, child)
}

// orphaned reports whether the child that c names, or its daemon, is dead.
func (c cookie) orphaned() bool {
	if c.daemon == os.Getpid() { // this program, or the one that executed it
		lineage.mu.Lock()
		defer lineage.mu.Unlock()
		return !lineage.children[c.child] || c.born != lineage.self.born
	}
	return c.born != born(c.daemon)
}

// namespace returns the inode of this process's namespace of process ids, 0 if
// it is not known.
func namespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
}

// born returns when a living process was started, 0 if no such process lives.
func born(pid int) uint64 {
	const state, start = 0, 22 - 3 // fields 3 and 22 of proc(5)
	f := stat("/proc/" + strconv.Itoa(pid))
	if len(f) <= start || f[state] == "Z" || f[state] == "X" {
		return 0
	}
	return number(f[start])
}

// cookieOf reads the cookie of a process.
func cookieOf(pid int) (cookie, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return cookie{}, false
	}
	for entry := range bytes.SplitSeq(b, []byte{0}) {
		if text, ok := bytes.CutPrefix(entry, []byte(cookieName+"=")); ok {
			return parseCookie(string(text))
		}
	}
	return cookie{}, false
}

// EndLeftovers ends processes that the workers of a killed daemon of this name
// left behind, and that had left their groups. It does not touch the processes
// of a living daemon. It returns how many it ended. It reads the environment of
// every process that this one may inspect, which takes some ten microseconds
// each.
func EndLeftovers(name string) int {
	here := namespace()
	sweepCgroups()
	return len(endAll(allProcesses, func(c cookie) bool { return c.name == name && c.namespace == here && c.orphaned() }))
}

// EndEscaped ends processes of dead children that this process has adopted: see
// Adopt. It returns how many ended.
func EndEscaped() (ended int) {
	if !hasStarted() {
		return 0
	}
	lineage.mu.Lock()
	self := lineage.self
	lineage.mu.Unlock()
	killed := endAll(adopted, func(c cookie) bool {
		return c.daemon == self.daemon && c.namespace == self.namespace && c.orphaned()
	})
	for deadline := time.Now().Add(removeGrace); len(killed) > 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for pid := range killed {
			if n, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); n == pid || err == unix.ECHILD {
				delete(killed, pid)
				ended++
			}
		}
	}
	return ended
}

// endAll kills the processes whose cookie is bad, and repeats until none is
// left: they may have started more meanwhile, and their deaths lead to more
// adoptions.
func endAll(processes func() []int, bad func(cookie) bool) (killed map[int]bool) {
	killed = map[int]bool{}
	for pause, deadline := time.Millisecond, time.Now().Add(removeGrace); ; pause *= 2 {
		found := 0
		for _, pid := range processes() {
			if c, ok := cookieOf(pid); ok && bad(c) && pid != os.Getpid() {
				killed[pid] = true
				found++
				killOnly(pid, func() bool { again, ok := cookieOf(pid); return ok && again == c })
			}
		}
		if found == 0 || time.Now().After(deadline) {
			return killed
		}
		time.Sleep(pause)
	}
}

// killOnly kills the process if meant still holds once a pidfd holds the
// process: so its number cannot have gone to another process in between.
func killOnly(pid int, meant func() bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if meant() {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// allProcesses returns the ids of all processes.
func allProcesses() (pids []int) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
