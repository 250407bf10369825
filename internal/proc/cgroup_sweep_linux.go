package proc

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// foreignAge is how old an empty cgroup of another namespace must be to be
// removed, because its daemon is not visible.
const foreignAge = time.Minute

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
	bases := map[string]bool{}
	if mount, dir := ownCgroup(string(mounts), string(own), "cgroup2", ""); dir != "" {
		bases[dir] = true
		if dir != mount {
			bases[filepath.Dir(dir)] = true
		}
	}
	for _, name := range controllers {
		if _, dir := ownCgroup(string(mounts), string(own), "cgroup", string(name)); dir != "" {
			bases[dir] = true
		}
	}
	for base := range bases {
		sweep(base, here, dead)
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
			(&cgroup{folders: []folder{{dir: dir}}}).remove()
		}
	}
}
