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

// findPlaces finds, for each controller, the folder in which this process may
// make cgroups: in version 2 if the controller is there, else in version 1.
// self is /proc/self; claimed says what this process may do with a folder of
// version 2.
func findPlaces(self string, pid int, claimed func(mount, dir string) claim) map[controller]place {
	mounts, err1 := os.ReadFile(filepath.Join(self, "mountinfo"))
	own, err2 := os.ReadFile(filepath.Join(self, "cgroup"))
	places := map[controller]place{}
	if err := errors.Join(err1, err2); err != nil {
		for _, name := range controllers {
			places[name] = place{reason: err}
		}
		return places
	}
	mount, dir := ownCgroup(string(mounts), string(own), "cgroup2", "")
	base, reasons := base2(mount, dir, pid, func(d string) claim { return claimed(mount, d) })
	for _, name := range controllers {
		at := place{version: 2, dir: base, reason: reasons[name]}
		if at.reason != nil {
			if _, dir := ownCgroup(string(mounts), string(own), "cgroup", string(name)); dir != "" {
				at = place{version: 1, dir: dir}
			} else {
				at = place{reason: fmt.Errorf("cgroup v2: %w; cgroup v1: no %s controller here", at.reason, name)}
			}
		}
		places[name] = at
	}
	return places
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

// base2 finds or makes a version 2 folder whose children may have limits, and
// says of each controller why it is not there, or nil.
//
// In version 2 a folder with limited children must not contain processes
// itself. So either our folder has limited children already (only the root
// folder can), or our parent may have them and was delegated (systemd:
// Delegate=yes with DelegateSubgroup=, or this daemon moved itself before a
// restart), or our folder was delegated and we are alone in it: then we move
// into a folder below it. See https://systemd.io/CGROUP_DELEGATION.
func base2(mount, own string, pid int, claimed func(dir string) claim) (base string, reasons map[controller]error) {
	all := func(err error) (string, map[controller]error) {
		reasons := map[controller]error{}
		for _, name := range controllers {
			reasons[name] = err
		}
		return "", reasons
	}
	if own == "" {
		return all(errors.New("not mounted, or this process is outside the mounted part"))
	}
	if hasAny(own, "cgroup.subtree_control") {
		return own, enable(own, claimed(own))
	}
	if parent := filepath.Dir(own); own != mount && claimed(parent) != foreign {
		by := claimed(parent)
		if filepath.Base(own) == daemonGroup { // made by a program before this one
			by = delegated
		}
		if reasons := enable(parent, by); hasNil(reasons) {
			return parent, reasons
		}
	}
	if !hasAny(own, "cgroup.controllers") {
		return all(errors.New("no memory, cpu or pids controller here"))
	}
	if claimed(own) == foreign {
		return all(fmt.Errorf("%s is not delegated to this process (systemd: Delegate=cpu memory pids, DelegateSubgroup=daemon)", own))
	}
	for member := range members(own) {
		if member != pid {
			return all(fmt.Errorf("%s has other processes in it (process %d); a daemon must be alone there", own, member))
		}
	}
	sub := filepath.Join(own, daemonGroup)
	if err := os.Mkdir(sub, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return all(err)
	}
	if err := writeControl(sub, "cgroup.procs", strconv.Itoa(pid)); err != nil {
		return all(err)
	}
	reasons = enable(own, delegated)
	if !hasNil(reasons) {
		writeControl(own, "cgroup.procs", strconv.Itoa(pid)) // back
	}
	return own, reasons
}

// enable lets the children of the version 2 folder dir have limits, if it is
// delegated, and says of each controller why they cannot have them, or nil.
func enable(dir string, by claim) map[controller]error {
	reasons := map[controller]error{}
	for _, name := range controllers {
		switch {
		case hasWord(dir, "cgroup.subtree_control", string(name)):
			reasons[name] = nil
		case !hasWord(dir, "cgroup.controllers", string(name)):
			reasons[name] = fmt.Errorf("%s has no %s controller (systemd: Delegate=%s)", dir, name, name)
		case by != delegated:
			reasons[name] = fmt.Errorf("the children of %s have no %s controller: write +%s to its cgroup.subtree_control (systemd: Delegate=%s)", dir, name, name, name)
		default:
			reasons[name] = writeControl(dir, "cgroup.subtree_control", "+"+string(name))
		}
	}
	return reasons
}

func hasNil(reasons map[controller]error) bool {
	for _, err := range reasons {
		if err == nil {
			return true
		}
	}
	return false
}

// hasAny reports whether a control file has one of the controllers in its list.
func hasAny(dir, name string) bool {
	return slices.ContainsFunc(controllers, func(c controller) bool { return hasWord(dir, name, string(c)) })
}

// hasWord reports whether a control file has word in its list.
func hasWord(dir, name, word string) bool {
	b, _ := os.ReadFile(filepath.Join(dir, name))
	return slices.Contains(strings.Fields(string(b)), word)
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
