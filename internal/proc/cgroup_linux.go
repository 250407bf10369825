package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A memory cgroup binds a child together with its own children, counts what RLIMIT_DATA does not (shared memory, files
// in memory, memory of the kernel), and tells for certain when the kernel killed for memory. It is used where the daemon
// may make one, and needs nothing where it may not.

// cgroup is the memory cgroup of one child. Its zero value is none.
type cgroup struct {
	kind hierarchyKind
	dir  string
	// join is cgroup.procs, open for the child to write itself into: version 1. The child does it before user code.
	join *os.File
	// enter is the folder, for the kernel to start the child in: version 2.
	enter *os.File
}

// hierarchyKind has the file names of one version of cgroups.
type hierarchyKind struct {
	version        string
	limit, swap    string // swap may be missing, and may fail
	together       string // 1: all processes are killed together; "" where there is no such thing
	events         string // has a line "oom_kill <n>"
	swapIsTogether bool   // swap limits memory and swap together
}

var (
	cgroup1 = hierarchyKind{version: "v1", limit: "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", events: "memory.oom_control", swapIsTogether: true}
	cgroup2 = hierarchyKind{version: "v2", limit: "memory.max", swap: "memory.swap.max", together: "memory.oom.group", events: "memory.events"}
)

const (
	cgroupPrefix = "legion-" // "legion-<namespace>-<daemon's pid>-<its start>-<number>", see cookie
	// foreignAge is how old an empty cgroup of another namespace must be to be removed: its daemon cannot be looked at.
	foreignAge = time.Minute
	// removeGrace is how long a cgroup may stay busy after the end of its child.
	removeGrace = 500 * time.Millisecond
)

// cgroups is where this process makes cgroups for its children.
var cgroups struct {
	mu     sync.Mutex
	known  bool
	kind   hierarchyKind
	base   string // "": nowhere,
	reason error  // for this reason
	number uint64
	left   []string // folders that were still busy
}

// cgroupBase finds out, once, where children's cgroups can be made. cgroups.mu is held.
func cgroupBase() string {
	c := &cgroups
	if !c.known {
		c.known = true
		c.kind, c.base, c.reason = findBase("/proc/self", os.Getpid(), delegated)
		if c.base != "" {
			if c.reason = tryBase(c.kind, c.base); c.reason != nil {
				c.base = ""
			}
		}
	}
	return c.base
}

// giveUpCgroups stops using cgroups, for a reason that shows only at a start.
func giveUpCgroups(reason error) {
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	cgroups.base, cgroups.reason = "", reason
}

// newCgroup makes a cgroup for one child, or returns none. It is an error if the cause is a want that will pass, and hits
// the rest of the start as well.
func newCgroup(limit uint64) (cgroup, error) {
	c := &cgroups
	c.mu.Lock()
	defer c.mu.Unlock()
	if cgroupBase() == "" {
		return cgroup{}, nil
	}
	busy := c.left[:0]
	for _, dir := range c.left {
		if err := unix.Rmdir(dir); err == unix.EBUSY {
			busy = append(busy, dir)
		}
	}
	c.left = busy

	c.number++
	g, err := makeCgroup(c.kind, childDir(c.base, os.Getpid(), c.number), limit+headroom(limit))
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM) {
		return cgroup{}, err
	}
	if err != nil {
		c.reason = err // Capabilities tells; the next start tries again
		return cgroup{}, nil
	}
	return g, nil
}

// headroom is what a cgroup may have beyond Limits.Memory. A cgroup counts all that is resident, the program's start and
// the kernel's own bookkeeping too; with this, the first limit that a Go program's heap meets is RLIMIT_DATA, which
// leaves a stack. The kernel's kill leaves nothing.
func headroom(limit uint64) uint64 { return 16<<20 + limit/16 }

func childDir(base string, pid int, number uint64) string {
	return filepath.Join(base, fmt.Sprintf("%s%d-%d-%d-%d", cgroupPrefix, namespace(), pid, born(pid), number))
}

// makeCgroup makes the folder dir with limit bytes, and opens what is needed to put a child into it.
func makeCgroup(kind hierarchyKind, dir string, limit uint64) (g cgroup, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return cgroup{}, fmt.Errorf("making a memory cgroup: %w", err)
	}
	g = cgroup{kind: kind, dir: dir}
	defer func() {
		if err != nil {
			g.close()
			unix.Rmdir(dir)
			g, err = cgroup{}, fmt.Errorf("making a memory cgroup: %w", err)
		}
	}()
	bytes := strconv.FormatUint(limit, 10)
	if err := writeControl(dir, kind.limit, bytes); err != nil {
		return g, err
	}
	swap := "0"
	if kind.swapIsTogether {
		swap = bytes
	}
	writeControl(dir, kind.swap, swap) // missing where swap is not accounted for
	if kind.together != "" {
		writeControl(dir, kind.together, "1") // since Linux 4.19
		g.enter, err = os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	} else {
		g.join, err = os.OpenFile(filepath.Join(dir, "cgroup.procs"), os.O_WRONLY, 0)
	}
	return g, err
}

// writeControl writes to a control file, which is there already.
func writeControl(dir, name, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// close closes what was open for the start.
func (g *cgroup) close() {
	for _, f := range []*os.File{g.join, g.enter} {
		if f != nil {
			f.Close()
		}
	}
	g.join, g.enter = nil, nil
}

// killed reports whether the kernel has killed in this cgroup for want of memory.
func (g *cgroup) killed() bool {
	if g.dir == "" {
		return false
	}
	b, _ := os.ReadFile(filepath.Join(g.dir, g.kind.events))
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return n != "0"
		}
	}
	return false
}

// remove kills what is left in the cgroup and removes it. One that stays busy is tried again at later starts.
func (g *cgroup) remove() {
	if g.dir == "" {
		return
	}
	for pause, deadline := time.Millisecond, time.Now().Add(removeGrace); ; pause *= 2 {
		if err := unix.Rmdir(g.dir); err != unix.EBUSY && err != unix.EINTR {
			return
		}
		if time.Now().After(deadline) {
			break
		}
		killMembers(g.dir)
		time.Sleep(pause)
	}
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	cgroups.left = append(cgroups.left, g.dir)
}

// killMembers kills every process in the cgroup dir.
func killMembers(dir string) {
	if writeControl(dir, "cgroup.kill", "1") == nil { // version 2, since Linux 5.14
		return
	}
	for pid := range members(dir) {
		killOnly(pid, func() bool { return members(dir)[pid] })
	}
}

// members returns the ids of the processes in the cgroup dir that can be seen from here.
func members(dir string) map[int]bool {
	b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	m := make(map[int]bool)
	for field := range strings.FieldsSeq(string(b)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
			m[pid] = true
		}
	}
	return m
}

// sweepCgroups looks for what killed daemons have left wherever this one could make cgroups.
func sweepCgroups() {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return
	}
	here := namespace()
	dead := func(pid int, start uint64) bool {
		if pid == os.Getpid() && start == born(pid) {
			return !hasStarted() // the program that has executed this one
		}
		return born(pid) != start
	}
	if mount, dir := ownCgroup(string(mounts), string(own), "cgroup2", ""); dir != "" {
		sweep(dir, here, dead)
		if dir != mount {
			sweep(filepath.Dir(dir), here, dead)
		}
	}
	if _, dir := ownCgroup(string(mounts), string(own), "cgroup", "memory"); dir != "" {
		sweep(dir, here, dead)
	}
}

// sweep removes the cgroups that daemons left which were killed, with what is still in them. The daemon of another
// namespace cannot be looked at: of those only what is empty is removed, after a time.
func sweep(base string, here uint64, dead func(pid int, start uint64) bool) {
	dirs, _ := filepath.Glob(filepath.Join(base, cgroupPrefix+"*-*-*-*"))
	for _, dir := range dirs {
		f := strings.Split(strings.TrimPrefix(filepath.Base(dir), cgroupPrefix), "-")
		if len(f) != 4 {
			continue
		}
		pid, start := int(number(f[1])), number(f[2])
		switch {
		case pid <= 0 || start == 0:
		case number(f[0]) != here:
			if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > foreignAge {
				unix.Rmdir(dir)
			}
		case dead(pid, start):
			(&cgroup{dir: dir}).remove()
		}
	}
}

// tryBase makes a cgroup and removes it.
func tryBase(kind hierarchyKind, base string) error {
	g, err := makeCgroup(kind, childDir(base, os.Getpid(), 0), MinMemory)
	g.close()
	g.remove()
	return err
}
