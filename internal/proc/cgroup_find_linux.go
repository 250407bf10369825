package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// place is where the cgroups of children with one controller are made.
type place struct {
	version int // of cgroups: 1 or 2
	dir     string
	reason  error // why none is made there
	failed  error // the last error in making one
}

// findPlace finds the folder in which this process may make cgroups with the
// controller: in version 2 if the controller is there, else in version 1. self
// is /proc/self; claimed says what this process may do with a folder of version
// 2.
func findPlace(name controller, self string, pid int, claimed func(mount, dir string) claim) place {
	mounts, err1 := os.ReadFile(filepath.Join(self, "mountinfo"))
	own, err2 := os.ReadFile(filepath.Join(self, "cgroup"))
	if err := errors.Join(err1, err2); err != nil {
		return place{reason: err}
	}
	mount, dir := ownCgroup(string(mounts), string(own), "cgroup2", "")
	base, err := base2(name, mount, dir, pid, func(d string) claim { return claimed(mount, d) })
	if err == nil {
		return place{version: 2, dir: base}
	}
	if _, dir = ownCgroup(string(mounts), string(own), "cgroup", string(name)); dir != "" {
		return place{version: 1, dir: dir}
	}
	return place{reason: fmt.Errorf("cgroup v2: %w; cgroup v1: no %s controller here", err, name)}
}

// ownCgroup finds this process's folder in the hierarchy of one controller (""
// for version 2), and where that hierarchy is mounted. Both are "" if the
// hierarchy does not exist, or if this process's folder is outside the mounted
// part.
func ownCgroup(mountinfo, cgroup, fstype, controller string) (mount, dir string) {
	path := ""
	for line := range strings.Lines(cgroup) { // "4:memory:/a/b", "0::/a/b"
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) == 3 && slices.Contains(strings.Split(f[1], ","), controller) {
			path = f[2]
		}
	}
	if !strings.HasPrefix(path, "/") || strings.Contains(path+"/", "/../") {
		return "", ""
	}
	for line := range strings.Lines(mountinfo) { // id parent major:minor root mountpoint options … - fstype source options
		left, right, ok := strings.Cut(strings.TrimSpace(line), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 5 || len(r) < 3 || r[0] != fstype {
			continue
		}
		if controller != "" && !slices.Contains(strings.Split(r[2], ","), controller) {
			continue
		}
		root, point := unescape(l[3]), unescape(l[4])
		rel, below := strings.CutPrefix(path, strings.TrimSuffix(root, "/"))
		if below && (rel == "" || rel[0] == '/') {
			return point, filepath.Join(point, rel)
		}
	}
	return "", ""
}

// unescape decodes mountinfo's escapes such as "\040".
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// daemonGroup is the folder into which the daemon moves itself where version 2
// requires it.
const daemonGroup = "legion-daemon"

// base2 finds or makes a version 2 folder whose children may have the
// controller's limit. It enables no other controller: what nobody asks for
// changes nothing, and cpu divides the processor among the folders.
//
// In version 2 a folder with limited children must not contain processes
// itself. So either our folder has limited children already (only the root
// folder can), or our parent may have them and was delegated (systemd:
// Delegate=yes with DelegateSubgroup=, or this daemon moved itself before), or
// our folder was delegated and we are alone in it: then we move into a folder
// below it. See https://systemd.io/CGROUP_DELEGATION.
func base2(name controller, mount, own string, pid int, claimed func(dir string) claim) (string, error) {
	if own == "" {
		return "", errors.New("not mounted, or this process is outside the mounted part")
	}
	if slices.ContainsFunc(controllers, func(c controller) bool { return hasWord(own, "cgroup.subtree_control", c) }) {
		return own, enable(name, own, claimed(own))
	}
	if parent := filepath.Dir(own); own != mount && claimed(parent) != foreign {
		by := claimed(parent)
		if filepath.Base(own) == daemonGroup { // we, or a program before this one, have made it
			by = delegated
		}
		if err := enable(name, parent, by); err == nil || by == delegated {
			return parent, err
		}
	}
	if !hasWord(own, "cgroup.controllers", name) {
		return "", fmt.Errorf("%s has no %s controller (systemd: Delegate=%s)", own, name, name)
	}
	if claimed(own) == foreign {
		return "", fmt.Errorf("%s is not delegated to this process (systemd: Delegate=%s, DelegateSubgroup=daemon)", own, name)
	}
	for member := range members(own) {
		if member != pid {
			return "", fmt.Errorf("%s has other processes in it (process %d); a daemon must be alone there", own, member)
		}
	}
	sub := filepath.Join(own, daemonGroup)
	if err := os.Mkdir(sub, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	if err := writeControl(sub, "cgroup.procs", strconv.Itoa(pid)); err != nil {
		return "", err
	}
	err := enable(name, own, delegated)
	if err != nil {
		writeControl(own, "cgroup.procs", strconv.Itoa(pid)) // back
	}
	return own, err
}

// enable lets the children of the version 2 folder dir have the controller's
// limit, if they cannot have it already and the folder is delegated.
func enable(name controller, dir string, by claim) error {
	switch {
	case hasWord(dir, "cgroup.subtree_control", name):
		return nil
	case !hasWord(dir, "cgroup.controllers", name):
		return fmt.Errorf("%s has no %s controller (systemd: Delegate=%s)", dir, name, name)
	case by != delegated:
		return fmt.Errorf("the children of %s have no %s controller: write +%s to its cgroup.subtree_control (systemd: Delegate=%s)", dir, name, name, name)
	}
	return writeControl(dir, "cgroup.subtree_control", "+"+string(name))
}

// hasWord reports whether a control file has the controller in its list.
func hasWord(dir, file string, name controller) bool {
	b, _ := os.ReadFile(filepath.Join(dir, file))
	return slices.Contains(strings.Fields(string(b)), string(name))
}

// claim is what this process may do with a folder of version 2.
type claim int

const (
	foreign   claim = iota // nothing
	permitted              // make folders in it; which controllers they may have is up to others
	delegated              // everything
)

// claimed returns what this process may do with the version 2 folder dir.
// systemd marks the folders that it delegates; the root folder of a container
// counts as delegated too. Root may write everywhere, which does not make a
// folder its own.
func claimed(mount, dir string) claim {
	if unix.Access(dir, unix.W_OK) != nil || unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) != nil {
		return foreign
	}
	if dir == mount {
		return delegated
	}
	for _, name := range []string{"trusted.delegate", "user.delegate"} {
		var value [1]byte
		if n, err := unix.Getxattr(dir, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return delegated
		}
	}
	if os.Geteuid() != 0 {
		return permitted
	}
	return foreign
}
