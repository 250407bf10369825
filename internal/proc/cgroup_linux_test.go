package proc

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree makes files in a temporary folder: name, content, name, content.
func tree(t *testing.T, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOwnCgroup(t *testing.T) {
	const (
		v2      = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		memory1 = "36 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
		cpu1    = "33 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
		part    = "36 31 0:32 /docker/ab /sys/fs/c\\040g rw master:1 - cgroup cgroup rw,memory\n"
		own     = "9:name=systemd:/x\n4:memory:/a/b\n2:cpu,cpuacct:/c\n0::/d/e:f\n"
	)
	for _, c := range []struct{ mounts, cgroup, fstype, controller, mount, dir string }{
		{v2, own, "cgroup2", "", "/sys/fs/cgroup", "/sys/fs/cgroup/d/e:f"},
		{v2, "0::/\n", "cgroup2", "", "/sys/fs/cgroup", "/sys/fs/cgroup"},
		{v2, "0::/../x\n", "cgroup2", "", "", ""},
		{memory1, own, "cgroup2", "", "", ""},
		{cpu1 + memory1, own, "cgroup", "memory", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/a/b"},
		{cpu1, own, "cgroup", "memory", "", ""},
		{part, "4:memory:/docker/ab/x\n", "cgroup", "memory", "/sys/fs/c g", "/sys/fs/c g/x"},
		{part, "4:memory:/docker/ab\n", "cgroup", "memory", "/sys/fs/c g", "/sys/fs/c g"},
		{part, "4:memory:/docker/abc\n", "cgroup", "memory", "", ""},
		{"rubbish\n - \n1 2 3 4 5 - cgroup2\n", own, "cgroup2", "", "", ""},
		{v2, "", "cgroup2", "", "", ""},
	} {
		if mount, dir := ownCgroup(c.mounts, c.cgroup, c.fstype, c.controller); mount != c.mount || dir != c.dir {
			t.Errorf("%q, %q: %q, %q", c.mounts, c.cgroup, mount, dir)
		}
	}
}

func FuzzOwnCgroup(f *testing.F) {
	f.Add("30 24 0:26 / /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n", "0::/a\n")
	f.Fuzz(func(t *testing.T, mounts, cgroup string) {
		ownCgroup(mounts, cgroup, "cgroup2", "")
		ownCgroup(mounts, cgroup, "cgroup", "memory")
	})
}

// The situations of a daemon under cgroup v2, as trees of files.
func TestFindBaseVersion2(t *testing.T) {
	const pid = 42
	ours := map[string]bool{"ours": true}
	for _, c := range []struct {
		name      string
		own       string // from the mount
		files     []string
		delegated map[string]bool
		base      string // from the mount; "-": none,
		says      string // the reason
	}{
		{"no controller", "a", []string{"a/cgroup.controllers", "cpu pids"}, ours, "-", "no memory controller"},
		{"root folder", "", []string{"cgroup.controllers", "cpu memory", "cgroup.subtree_control", "memory"}, nil, "", ""},
		{"not delegated", "a", []string{"a/cgroup.controllers", "memory", "a/cgroup.subtree_control", ""}, nil, "-", "not delegated"},
		{"in a delegated parent", "ours/sub", []string{"ours/cgroup.subtree_control", "memory pids",
			"ours/sub/cgroup.controllers", "memory", "ours/sub/cgroup.subtree_control", ""}, ours, "ours", ""},
		{"parent is not ours", "a/sub", []string{"a/cgroup.subtree_control", "memory pids",
			"a/sub/cgroup.controllers", "memory", "a/sub/cgroup.subtree_control", ""}, nil, "-", "not delegated"},
		{"alone in a delegated folder", "ours", []string{"ours/cgroup.controllers", "memory", "ours/cgroup.subtree_control", "",
			"ours/cgroup.procs", "42\n", "ours/legion-daemon/cgroup.procs", ""}, ours, "ours", ""},
		{"not alone there", "ours", []string{"ours/cgroup.controllers", "memory", "ours/cgroup.subtree_control", "",
			"ours/cgroup.procs", "42\n43\n"}, ours, "-", "process 43"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mount := t.TempDir()
			tree(t, mount, c.files...)
			self := t.TempDir()
			tree(t, self, "mountinfo", "30 24 0:26 / "+mount+" rw - cgroup2 cgroup2 rw\n", "cgroup", "0::/"+c.own+"\n")
			kind, base, err := findBase(self, pid, func(m, dir string) bool {
				rel, _ := filepath.Rel(mount, dir)
				return m == mount && c.delegated[rel]
			})
			switch {
			case c.base == "-":
				if base != "" || err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%q, %v", base, err)
				}
			case base != filepath.Join(mount, c.base) || err != nil || kind != cgroup2:
				t.Errorf("%q, %v, %v", base, kind, err)
			}
			if c.name == "alone in a delegated folder" {
				if p, s := content(t, base, "legion-daemon/cgroup.procs"), content(t, base, "cgroup.subtree_control"); p != "42" || s != "+memory" {
					t.Errorf("cgroup.procs %q, subtree_control %q", p, s)
				}
			}
		})
	}
}

// makeCgroup on a fake kernel: the control files appear as soon as the folder
// does.
func TestMakeCgroupVersion2(t *testing.T) {
	base := t.TempDir()
	dir := childDir(base, 42, 1)
	if _, err := makeCgroup(cgroup2, dir, 1<<20); err == nil || !strings.Contains(err.Error(), "memory.max") {
		t.Errorf("in a folder that is not a cgroup: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder is left")
	}
	if _, err := makeCgroup(cgroup2, filepath.Join(base, "no/where"), 1<<20); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}

	tree(t, dir, "memory.max", "", "memory.swap.max", "", "memory.oom.group", "", "memory.events", "low 0\noom 3\noom_kill 0\noom_group_kill 2\n")
	for name, value := range map[string]string{"memory.max": "1048576", "memory.swap.max": "0", "memory.oom.group": "1"} {
		if err := writeControl(dir, name, value); err != nil {
			t.Error(err)
		}
	}
	g := cgroup{kind: cgroup2, dir: dir}
	if g.killed() {
		t.Error("killed, without a kill")
	}
	tree(t, dir, "memory.events", "low 0\noom 3\noom_kill 1\n")
	if !g.killed() {
		t.Error("not killed")
	}
	none := cgroup{}
	if none.killed() {
		t.Error("killed, without a cgroup")
	}
	none.remove()
	none.close()
}

func TestSweep(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"legion-1-10-5-1", "legion-1-10-5-2", "legion-1-11-5-1", "legion-1-11-4-1", "legion-1-x-5-1", "legion-2-10-5-1", "legion-2-10-5-2", "other-1-10-5-1"} {
		if err := os.MkdirAll(filepath.Join(base, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * foreignAge)
	if err := os.Chtimes(filepath.Join(base, "legion-2-10-5-2"), old, old); err != nil {
		t.Fatal(err)
	}
	sweep(base, 1, func(pid int, start uint64) bool { return pid != 11 || start != 5 })
	var left []string
	entries, _ := os.ReadDir(base)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got := strings.Join(left, " "); got != "legion-1-11-5-1 legion-1-x-5-1 legion-2-10-5-1 other-1-10-5-1" {
		t.Errorf("left: %s", got)
	}
}

// needCgroup skips the test if no memory cgroup can be made: that needs root,
// or a delegated folder.
func needCgroup(t *testing.T) Caps {
	t.Helper()
	c := Capabilities()
	if c.Cgroup == "" {
		t.Skipf("needs a memory cgroup, which cannot be made here: %s", c.CgroupReason)
	}
	t.Logf("memory cgroups %s below %s", c.Cgroup, c.CgroupDir)
	return c
}

// The kernel kills for memory that the cgroup counts and RLIMIT_DATA does not.
func TestKernelOutOfMemory(t *testing.T) {
	needCgroup(t)
	p, o := begin(t, "hoardshared", memory(32<<20), arg(strconv.Itoa(128<<20)))
	e := wait(t, p)
	if e.Signal != syscall.SIGKILL || !e.OutOfMemory || e.KilledBy != "" || e.Stack != "" || e.String() != "SIGKILL, out of memory" {
		t.Errorf("%v %+v %q", e, e, o.all())
	}
	if _, err := os.Stat(p.launch.cgroup.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cgroup is left: %v", err)
	}
}

// The child is in its cgroup before user code runs; a SIGKILL in a cgroup is
// not taken for a lack of memory.
func TestCgroupOfTheChild(t *testing.T) {
	c := needCgroup(t)
	p, o := begin(t, "grandchild", memory(64<<20), arg("escape")) // even one that left the group is killed
	g := watchPID(t, "grandchild", o.value(t, p, "grandchild"))
	wait(t, p)
	if !g.goneWithin(hang) {
		t.Error("the grandchild has left the cgroup")
	}

	p, o = begin(t, "hold", memory(64<<20))
	o.value(t, p, "ready")
	if !members(p.launch.cgroup.dir)[p.PID()] || filepath.Dir(p.launch.cgroup.dir) != c.CgroupDir {
		t.Errorf("process %d is not in %s", p.PID(), p.launch.cgroup.dir)
	}
	if got := content(t, p.launch.cgroup.dir, p.launch.cgroup.kind.limit); strings.TrimSpace(got) != strconv.Itoa(64<<20+16<<20+4<<20) {
		t.Errorf("its limit is %s", got)
	}
	syscall.Kill(p.PID(), syscall.SIGKILL)
	if e := wait(t, p); e.OutOfMemory {
		t.Errorf("%v", e)
	}
	if p, o := begin(t, "hold"); o.value(t, p, "ready") != "" && p.launch.cgroup.dir != "" {
		t.Error("a cgroup without a memory limit")
	}
}
