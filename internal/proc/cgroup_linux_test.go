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
func TestPlacesVersion2(t *testing.T) {
	const pid = 42
	ours := map[string]claim{"ours": delegated}
	none := func(says string) map[controller]string {
		return map[controller]string{memoryController: says, cpuController: says, pidsController: says}
	}
	for _, c := range []struct {
		name   string
		own    string // from the mount
		files  []string
		claims map[string]claim
		base   string                // from the mount
		says   map[controller]string // the reasons
	}{
		{"no controller", "a", []string{"a/cgroup.controllers", "io"}, ours, "",
			map[controller]string{memoryController: "no memory controller", cpuController: "no cpu controller", pidsController: "no pids controller (systemd: Delegate=pids)"}},
		{"root folder", "", []string{"cgroup.controllers", "cpu memory", "cgroup.subtree_control", "memory"}, nil, "",
			map[controller]string{cpuController: "write +cpu to its cgroup.subtree_control", pidsController: "no pids controller (systemd: Delegate=pids)"}},
		{"root folder of a container", "", []string{"cgroup.controllers", "cpu memory", "cgroup.subtree_control", "memory"}, map[string]claim{".": delegated}, "",
			map[controller]string{pidsController: "no pids controller"}},
		{"not delegated", "a", []string{"a/cgroup.controllers", "cpu memory pids", "a/cgroup.subtree_control", ""}, nil, "", none("not delegated")},
		{"in a delegated parent", "ours/sub", []string{"ours/cgroup.controllers", "cpu memory pids io", "ours/cgroup.subtree_control", "memory pids",
			"ours/sub/cgroup.controllers", "memory", "ours/sub/cgroup.subtree_control", ""}, ours, "ours", nil},
		{"in a delegated parent without limits", "ours/sub", []string{"ours/cgroup.controllers", "cpu", "ours/cgroup.subtree_control", "",
			"ours/sub/cgroup.controllers", "", "ours/sub/cgroup.subtree_control", ""}, ours, "ours",
			map[controller]string{memoryController: "no memory controller", pidsController: "no pids controller"}},
		{"in a parent that others look after", "a/sub", []string{"a/cgroup.controllers", "cpu memory pids", "a/cgroup.subtree_control", "memory pids",
			"a/sub/cgroup.controllers", "memory pids", "a/sub/cgroup.subtree_control", ""}, map[string]claim{"a": permitted}, "a",
			map[controller]string{cpuController: "a/sub has no cpu controller"}},
		{"moved before", "a/legion-daemon", []string{"a/cgroup.controllers", "cpu memory", "a/cgroup.subtree_control", "memory",
			"a/legion-daemon/cgroup.controllers", "memory"}, map[string]claim{"a": permitted}, "a", map[controller]string{pidsController: "no pids controller"}},
		{"parent is not ours", "a/sub", []string{"a/cgroup.subtree_control", "memory pids",
			"a/sub/cgroup.controllers", "cpu memory pids", "a/sub/cgroup.subtree_control", ""}, nil, "", none("not delegated")},
		{"alone in a delegated folder", "ours", []string{"ours/cgroup.controllers", "memory", "ours/cgroup.subtree_control", "",
			"ours/cgroup.procs", "42\n", "ours/legion-daemon/cgroup.procs", ""}, ours, "ours",
			map[controller]string{cpuController: "no cpu controller", pidsController: "no pids controller"}},
		{"not alone there", "ours", []string{"ours/cgroup.controllers", "cpu memory pids", "ours/cgroup.subtree_control", "",
			"ours/cgroup.procs", "42\n43\n"}, ours, "", none("process 43")},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range controllers {
				mount := t.TempDir()
				tree(t, mount, c.files...)
				self := t.TempDir()
				tree(t, self, "mountinfo", "30 24 0:26 / "+mount+" rw - cgroup2 cgroup2 rw\n", "cgroup", "0::/"+c.own+"\n")
				at := findPlace(name, self, pid, func(m, dir string) claim {
					rel, err := filepath.Rel(mount, dir)
					if m != mount || err != nil {
						t.Error(m, err)
					}
					return c.claims[rel]
				})
				if says := c.says[name]; says != "" {
					if at.reason == nil || !strings.Contains(at.reason.Error(), says) {
						t.Errorf("%s: %+v", name, at)
					}
					continue
				}
				base := filepath.Join(mount, c.base)
				if at.dir != base || at.reason != nil || at.version != 2 {
					t.Errorf("%s: %+v", name, at)
				}
				if c.name == "alone in a delegated folder" {
					if p, s := content(t, base, "legion-daemon/cgroup.procs"), content(t, base, "cgroup.subtree_control"); p != "42" || s != "+"+string(name) {
						t.Errorf("cgroup.procs %q, subtree_control %q", p, s)
					}
				}
			}
		})
	}
}

// Each controller is looked for in both versions.
func TestPlacesVersion1(t *testing.T) {
	self, mount := t.TempDir(), t.TempDir()
	tree(t, mount, "cgroup.controllers", "pids", "cgroup.subtree_control", "pids")
	tree(t, self, "mountinfo", "30 24 0:26 / "+mount+" rw - cgroup2 cgroup2 rw\n"+
		"36 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n", "cgroup", "2:cpu,cpuacct:/c\n0::/\n")
	find := func(name controller) place {
		return findPlace(name, self, 42, func(_, dir string) claim { return foreign })
	}
	if at := find(cpuController); at != (place{version: 1, dir: "/sys/fs/cgroup/cpu,cpuacct/c"}) {
		t.Errorf("%+v", at)
	}
	if at := find(pidsController); at != (place{version: 2, dir: mount}) {
		t.Errorf("%+v", at)
	}
	if at := find(memoryController); at.reason == nil || !strings.Contains(at.reason.Error(), "cgroup v1: no memory controller here") {
		t.Errorf("%+v", at)
	}
	if at := findPlace(cpuController, filepath.Join(self, "none"), 42, nil); !errors.Is(at.reason, os.ErrNotExist) {
		t.Errorf("%+v", at)
	}
}

// The settings on a fake kernel: the control files appear as soon as the folder
// does.
func TestLimitVersion2(t *testing.T) {
	base := t.TempDir()
	dir := childDir(base, 42, 1)
	all := Limits{Memory: 32 << 20, CPU: 0.5, Threads: 100}
	for _, name := range controllers {
		var g cgroup
		if err := g.limit(name, 2, dir, all); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), string(name)+".max") {
			t.Errorf("%s in a folder that is not a cgroup: %v", name, err)
		}
		if g.enter != nil || len(g.folders)+len(g.join) > 0 {
			t.Errorf("%+v", g)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Error("the folder is left")
		}
		if err := g.limit(name, 2, filepath.Join(base, "no/where"), all); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}

	tree(t, dir, "memory.max", "", "memory.swap.max", "", "memory.oom.group", "", "cpu.max", "", "pids.max", "",
		"memory.events", "low 0\noom 3\noom_kill 0\noom_group_kill 2\n")
	g := cgroup{folders: []folder{{dir: dir}}}
	for _, name := range controllers {
		if err := g.limit(name, 2, dir, all); err != nil {
			t.Error(err)
		}
	}
	for name, value := range map[string]string{
		"memory.max": strconv.Itoa(32<<20 + 16<<20 + 2<<20), "memory.swap.max": "0", "memory.oom.group": "1", "cpu.max": "50000 100000", "pids.max": "100",
	} {
		if got := content(t, dir, name); got != value {
			t.Errorf("%s is %q, not %q", name, got, value)
		}
	}
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
func needCgroup(t *testing.T) CgroupPlace {
	t.Helper()
	return need(t, "memory", Capabilities().MemoryCgroup)
}

func need(t *testing.T, controller string, c CgroupPlace) CgroupPlace {
	t.Helper()
	if c.Version == "" {
		t.Skipf("needs a %s cgroup, which cannot be made here: %s", controller, c.Reason)
	}
	t.Logf("%s cgroups %s below %s", controller, c.Version, c.Dir)
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
	for _, f := range p.launch.cgroup.folders {
		if _, err := os.Stat(f.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the cgroup is left: %v", err)
		}
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
	dir := p.launch.cgroup.folders[0].dir
	if !members(dir)[p.PID()] || filepath.Dir(dir) != c.Dir {
		t.Errorf("process %d is not in %s", p.PID(), dir)
	}
	if got := content(t, dir, map[string]string{"v1": "memory.limit_in_bytes", "v2": "memory.max"}[c.Version]); strings.TrimSpace(got) != strconv.Itoa(64<<20+16<<20+4<<20) {
		t.Errorf("its limit is %s", got)
	}
	syscall.Kill(p.PID(), syscall.SIGKILL)
	if e := wait(t, p); e.OutOfMemory {
		t.Errorf("%v", e)
	}
	if p, o := begin(t, "hold"); o.value(t, p, "ready") != "" && p.launch.cgroup.folders != nil {
		t.Error("a cgroup without a memory limit")
	}
}
