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

// A memory cgroup limits a child together with its own children, counts memory
// that RLIMIT_DATA does not (shared memory, files in memory, kernel memory),
// and reports reliably when the kernel killed because of memory. It is used if
// the daemon may make one, and costs nothing otherwise.

// cgroup is the memory cgroup of one child. The zero value means no cgroup.
type cgroup struct {
	kind hierarchyKind
	dir  string
	// join is cgroup.procs, open for the child to write itself into, in version 1.
	// The child does so before user code runs.
	join *os.File
	// enter is the folder in which the kernel starts the child, in version 2.
	enter *os.File
}

// hierarchyKind holds the file names of one version of cgroups.
type hierarchyKind struct {
	version        string
	limit, swap    string // swap may be missing, and writing to it may fail
	together       string // 1: all processes are killed together; "" if not supported
	events         string // has a line "oom_kill <n>"
	swapIsTogether bool   // swap limits memory and swap together
}

var (
	cgroup1 = hierarchyKind{version: "v1", limit: "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", events: "memory.oom_control", swapIsTogether: true}
	cgroup2 = hierarchyKind{version: "v2", limit: "memory.max", swap: "memory.swap.max", together: "memory.oom.group", events: "memory.events"}
)

const (
	cgroupPrefix = "legion-" // "legion-<namespace>-<daemon's pid>-<its start>-<number>", see cookie
	// foreignAge is how old an empty cgroup of another namespace must be to be
	// removed, because its daemon is not visible.
	foreignAge = time.Minute
	// removeGrace is how long a cgroup may stay busy after the end of its child.
	removeGrace = 500 * time.Millisecond
)

// cgroups is the state of making cgroups for this process's children.
var cgroups struct {
	mu     sync.Mutex
	known  bool
	kind   hierarchyKind
	base   string // "": no cgroups are made,
	reason error  // for this reason
	number uint64
	left   []string // folders that were still busy at removal
}

// cgroupBase finds out, once, where children's cgroups can be made. cgroups.mu
// is held.
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

// giveUpCgroups stops using cgroups, for a reason that only a start can reveal.
func giveUpCgroups(reason error) {
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	cgroups.base, cgroups.reason = "", reason
}

// newCgroup makes a cgroup for one child, or returns the zero cgroup. It
// returns an error only for a temporary shortage that also affects the rest of
// the start.
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
		c.reason = err // Capabilities reports it; the next start tries again
		return cgroup{}, nil
	}
	return g, nil
}

// headroom is what a cgroup may have beyond Limits.Memory. A cgroup counts all
// resident memory, also the program's start and the kernel's bookkeeping. With
// headroom a Go program's heap reaches RLIMIT_DATA first, which leaves a stack
// trace; the kernel's kill leaves nothing.
func headroom(limit uint64) uint64 { return 16<<20 + limit/16 }

func childDir(base string, pid int, number uint64) string {
	return filepath.Join(base, fmt.Sprintf("%s%d-%d-%d-%d", cgroupPrefix, namespace(), pid, born(pid), number))
}

// makeCgroup makes the folder dir with a limit in bytes, and opens the file
// that puts a child into it.
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
	writeControl(dir, kind.swap, swap) // missing where swap is not counted
	if kind.together != "" {
		writeControl(dir, kind.together, "1") // since Linux 4.19
		g.enter, err = os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	} else {
		g.join, err = os.OpenFile(filepath.Join(dir, "cgroup.procs"), os.O_WRONLY, 0)
	}
	return g, err
}

// writeControl writes to an existing control file.
func writeControl(dir, name, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// close closes the files that were open for the start.
func (g *cgroup) close() {
	for _, f := range []*os.File{g.join, g.enter} {
		if f != nil {
			f.Close()
		}
	}
	g.join, g.enter = nil, nil
}

// killed reports whether the kernel has killed a process in this cgroup because
// memory ran out.
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

// remove kills the processes left in the cgroup and removes it. If it stays
// busy, later starts try again.
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

// members returns the ids of the processes in the cgroup dir that are visible
// to this process.
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

// sweepCgroups removes the leftovers of killed daemons wherever this daemon
// could make cgroups.
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
			return !hasStarted() // the program that executed this one
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

// sweep removes the cgroups of killed daemons, with the processes still in
// them. The daemon of another namespace is not visible: of its cgroups only
// empty ones are removed, after a time.
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
