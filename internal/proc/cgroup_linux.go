package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup is the group of one child: a folder in version 2, and one in the
// hierarchy of each controller in version 1. It binds the child together with
// its own children. The zero value means no cgroup, and costs nothing.
type cgroup struct {
	folders []folder
	// join are the files cgroup.procs for the child to write itself into, in
	// version 1. The child does so before user code runs.
	join []*os.File
	// enter is the folder in which the kernel starts the child, in version 2.
	enter *os.File
}

// folder is one folder of a cgroup.
type folder struct {
	dir    string
	events string // a file with a line "oom_kill <n>", "" if it does not limit memory
}

const (
	cgroupPrefix = "legion-" // "legion-<namespace>-<daemon's pid>-<its start>-<number>", see cookie
	// removeGrace is how long a cgroup may stay busy after the end of its child.
	removeGrace = 500 * time.Millisecond
)

// cgroups is the state of making cgroups for this process's children.
var cgroups = struct {
	mu     sync.Mutex
	places map[controller]place // those that were looked for
	number uint64
	left   []string // folders that were still busy at removal
}{places: map[controller]place{}}

// cgroupPlace finds out, once, where children's cgroups with a controller can
// be made. cgroups.mu is held.
func cgroupPlace(name controller) place {
	at, known := cgroups.places[name]
	if !known {
		at = findPlace(name, "/proc/self", os.Getpid(), claimed)
		if at.reason == nil {
			at.reason = tryPlace(name, at)
		}
		if !scarce(at.reason) {
			cgroups.places[name] = at
		}
	}
	return at
}

// lacking returns why no cgroup with the controller can be made, or "", also if
// that is only so for now: then Start fails.
func lacking(name controller) string {
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	if err := cgroupPlace(name).reason; err != nil && !scarce(err) {
		return err.Error()
	}
	return ""
}

// giveUpEntering stops using cgroups of version 2, for a reason that only a
// start can reveal.
func giveUpEntering(reason error) {
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	for name, at := range cgroups.places {
		if at.version == 2 {
			at.reason = reason
			cgroups.places[name] = at
		}
	}
}

// newCgroup makes the cgroup of one child with the limits that only cgroups
// hold, and with its memory limit if that is possible: a memory cgroup counts
// what RLIMIT_DATA does not, and reports reliably when the kernel killed
// because of memory.
func newCgroup(l Limits) (g cgroup, err error) {
	wanted := l.controllers()
	if len(wanted) == 0 {
		return cgroup{}, nil
	}
	c := &cgroups
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = slices.DeleteFunc(c.left, func(dir string) bool { return unix.Rmdir(dir) != unix.EBUSY })
	c.number++
	for _, name := range wanted {
		at := cgroupPlace(name)
		err := at.reason
		if err == nil {
			err = g.limit(name, at.version, childDir(at.dir, os.Getpid(), c.number), l)
		}
		switch {
		case err == nil:
		case scarce(err): // as the rest of the start is
			g.discard()
			return cgroup{}, err
		case name != memoryController:
			g.discard()
			return cgroup{}, errors.New(needs(name, err.Error()))
		case at.reason == nil:
			at.failed = err // Capabilities reports it; the next start tries again
			c.places[name] = at
		}
	}
	return g, nil
}

// scarce reports whether an error is a temporary shortage.
func scarce(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}

func childDir(base string, pid int, number uint64) string {
	return filepath.Join(base, fmt.Sprintf("%s%d-%d-%d-%d", cgroupPrefix, namespace(), pid, born(pid), number))
}

// limit makes the controller limit the cgroup. It makes the folder dir, and
// opens what puts a child into it, unless another controller has it already.
func (g *cgroup) limit(name controller, version int, dir string, l Limits) (err error) {
	at := slices.IndexFunc(g.folders, func(f folder) bool { return f.dir == dir })
	if at < 0 {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
		at = len(g.folders)
		g.folders = append(g.folders, folder{dir: dir})
		joined := len(g.join)
		defer func() {
			if err != nil {
				alone := cgroup{folders: g.folders[at:], join: g.join[joined:]}
				if version == 2 {
					alone.enter, g.enter = g.enter, nil
				}
				alone.discard()
				g.folders, g.join = g.folders[:at], g.join[:joined]
			}
		}()
		if version == 2 {
			if g.enter, err = os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0); err != nil {
				return err
			}
		} else {
			f, err := os.OpenFile(filepath.Join(dir, "cgroup.procs"), os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			g.join = append(g.join, f)
		}
	}
	for _, s := range name.settings(version, l) {
		if err := s.set(dir); err != nil {
			return err
		}
	}
	if name == memoryController {
		g.folders[at].events = memoryEvents(version)
	}
	return nil
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
	for _, f := range append(g.join, g.enter) {
		if f != nil {
			f.Close()
		}
	}
	g.join, g.enter = nil, nil
}

// discard removes a cgroup in which no process has been.
func (g *cgroup) discard() {
	g.close()
	for _, f := range g.folders {
		unix.Rmdir(f.dir)
	}
}

// killed reports whether the kernel has killed a process in this cgroup because
// memory ran out.
func (g *cgroup) killed() bool {
	for _, f := range g.folders {
		if f.events == "" {
			continue
		}
		b, _ := os.ReadFile(filepath.Join(f.dir, f.events))
		for line := range strings.Lines(string(b)) {
			if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
				return n != "0"
			}
		}
	}
	return false
}

// remove kills the processes left in the cgroup and removes it. If it stays
// busy, later starts try again.
func (g *cgroup) remove() {
	var busy []string
	for _, f := range g.folders {
		busy = append(busy, f.dir)
	}
	for pause, deadline := time.Millisecond, time.Now().Add(removeGrace); ; pause *= 2 {
		busy = slices.DeleteFunc(busy, func(dir string) bool {
			err := unix.Rmdir(dir)
			return err != unix.EBUSY && err != unix.EINTR
		})
		if len(busy) == 0 {
			return
		}
		if time.Now().After(deadline) {
			break
		}
		for _, dir := range busy {
			killMembers(dir)
		}
		time.Sleep(pause)
	}
	cgroups.mu.Lock()
	defer cgroups.mu.Unlock()
	cgroups.left = append(cgroups.left, busy...)
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

// tryPlace makes a cgroup with the controller and removes it.
func tryPlace(name controller, at place) error {
	var g cgroup
	err := g.limit(name, at.version, childDir(at.dir, os.Getpid(), 0), Limits{Memory: MinMemory, CPU: 1, Threads: MinThreads})
	g.discard()
	return err
}
