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

// findBase finds the folder in which this process may make memory cgroups:
// version 2 first, else version 1. self is /proc/self; delegated reports
// whether a version 2 folder was delegated to this process.
func findBase(self string, pid int, delegated func(mount, dir string) bool) (kind hierarchyKind, base string, reason error) {
	mounts, err := os.ReadFile(filepath.Join(self, "mountinfo"))
	if err != nil {
		return kind, "", err
	}
	own, err := os.ReadFile(filepath.Join(self, "cgroup"))
	if err != nil {
		return kind, "", err
	}
	mount, dir := ownCgroup(string(mounts), string(own), "cgroup2", "")
	base, err2 := base2(mount, dir, pid, func(d string) bool { return delegated(mount, d) })
	if err2 == nil {
		return cgroup2, base, nil
	}
	if _, dir = ownCgroup(string(mounts), string(own), "cgroup", "memory"); dir != "" {
		return cgroup1, dir, nil
	}
	return kind, "", fmt.Errorf("cgroup v2: %w; cgroup v1: no memory controller here", err2)
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

// base2 finds or makes a version 2 folder whose children may have a memory
// limit.
//
// In version 2 a folder with limited children must not contain processes
// itself. So either our folder has limited children already (only the root
// folder can), or our parent has and was delegated (systemd: Delegate=yes with
// DelegateSubgroup=, or this daemon moved itself before a restart), or our
// folder was delegated and we are alone in it: then we move into a folder below
// it. See https://systemd.io/CGROUP_DELEGATION.
func base2(mount, own string, pid int, delegated func(dir string) bool) (string, error) {
	if own == "" {
		return "", errors.New("not mounted, or this process is outside the mounted part")
	}
	if !hasWord(own, "cgroup.controllers", "memory") {
		return "", errors.New("no memory controller here")
	}
	if hasWord(own, "cgroup.subtree_control", "memory") {
		return own, nil
	}
	if parent := filepath.Dir(own); own != mount && delegated(parent) && hasWord(parent, "cgroup.subtree_control", "memory") {
		return parent, nil
	}
	if !delegated(own) {
		return "", fmt.Errorf("%s is not delegated to this process (systemd: Delegate=memory, DelegateSubgroup=daemon)", own)
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
	if err := writeControl(own, "cgroup.subtree_control", "+memory"); err != nil {
		writeControl(own, "cgroup.procs", strconv.Itoa(pid)) // back
		return "", err
	}
	return own, nil
}

// hasWord reports whether a control file has word in its list.
func hasWord(dir, name, word string) bool {
	b, _ := os.ReadFile(filepath.Join(dir, name))
	return slices.Contains(strings.Fields(string(b)), word)
}

// delegated reports whether the version 2 folder dir was delegated to this
// process: systemd marks delegated folders; a folder that the user may write to
// counts as delegated; so does the root folder of a container.
func delegated(mount, dir string) bool {
	if unix.Access(dir, unix.W_OK) != nil || unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) != nil {
		return false
	}
	if os.Geteuid() != 0 || dir == mount {
		return true
	}
	for _, name := range []string{"trusted.delegate", "user.delegate"} {
		var value [1]byte
		if n, err := unix.Getxattr(dir, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return true
		}
	}
	return false
}
