package host

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func init() {
	parts["drop"] = playDrop
	parts["nice"] = playNice
	parts["try"] = func(args []string) {
		id, err := Lookup(args[0], args[1])
		check(err)
		check(Drop(id))
		fmt.Println("well", os.Geteuid(), os.Getegid())
	}
	parts["half"] = func([]string) {
		check(syscall.Setresuid(54321, 54321, 0))
		check(Drop(Identity{UID: 54321, GID: os.Getgid()}))
		fmt.Println("well")
	}
}

// threads starts n threads and keeps them: each goroutine locks one.
func threads(n int) {
	var ready sync.WaitGroup
	for range n {
		ready.Add(1)
		go func() {
			runtime.LockOSThread()
			ready.Done()
			select {}
		}()
	}
	ready.Wait()
}

func playDrop(args []string) {
	threads(10)
	id, err := Lookup(args[0], args[1])
	check(err)
	check(Drop(id))
	threads(5) // threads that start later must change too
	check(Drop(id))
	for name, err := range map[string]error{
		"root":   syscall.Setuid(0),
		"groups": syscall.Setgroups([]int{0}),
		"group":  syscall.Setgid(0),
	} {
		if err == nil {
			check(fmt.Errorf("it gets %s back", name))
		}
	}
	// It can still execute itself, as when it starts workers.
	c := exec.Command("/proc/self/exe", args...)
	c.Env = []string{partEnv + "=try"}
	out, err := c.CombinedOutput()
	fmt.Printf("%d %d %q %v\n", os.Getuid(), os.Getgid(), out, err)
	pause()
}

// Seen from outside, no thread keeps any right of root.
func TestDropReachesEveryThread(t *testing.T) {
	needsRoot(t)
	daemon, err := Lookup("daemon", "") // its numbers differ between systems
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := strconv.Itoa(daemon.UID), strconv.Itoa(daemon.GID)
	other := make([]string, 0, len(daemon.Groups))
	for _, g := range daemon.Groups[1:] {
		other = append(other, strconv.Itoa(g))
	}
	for _, c := range []struct{ user, group, uid, gid string }{
		{"54321", "54322", "54321", "54322"},
		{"daemon", "", uid, gid},
		{"daemon", "54322", uid, "54322"},
	} {
		groups := []string{c.gid}
		if c.user == "daemon" {
			groups = append(groups, other...)
		}
		slices.Sort(groups) // both sides are sorted as text
		p := play(t, 0, "drop", c.user, c.group)
		want := fmt.Sprintf("%s %s %q <nil>", c.uid, c.gid, fmt.Sprintf("well %s %s\n", c.uid, c.gid))
		if got := p.line(t); got != want {
			t.Fatalf("%s, not %s", got, want)
		}
		dir := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
		tasks, err := os.ReadDir(dir)
		if err != nil || len(tasks) < 15 {
			t.Fatal(len(tasks), err)
		}
		for _, task := range tasks {
			status, err := os.ReadFile(dir + "/" + task.Name() + "/status")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(status)) {
				for _, key := range []string{"Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:"} {
					if strings.HasPrefix(line, key) {
						words := strings.Fields(line)
						if key == "Groups:" {
							slices.Sort(words[1:])
						}
						got = append(got, strings.Join(words, " "))
					}
				}
			}
			four := func(id string) string { return strings.Repeat(" "+id, 4) }
			want := []string{"Uid:" + four(c.uid), "Gid:" + four(c.gid), "Groups: " + strings.Join(groups, " "), "CapPrm: 0000000000000000", "CapEff: 0000000000000000"}
			if !slices.Equal(got, want) {
				t.Errorf("thread %s: %q, not %q", task.Name(), got, want)
			}
		}
	}
}

func TestDropOfWhoIsNotRoot(t *testing.T) {
	needsRoot(t) // to run as another user
	for _, c := range []struct{ user, group, says string }{
		{"54321", "54321", "well 54321 54321"}, // runs as it already
		{"54322", "54321", "error: becoming user 54322, group 54321: only root can, and this process is user 54321, group 54321 (operation not permitted): start it as root"},
		{"54321", "54322", "only root can"},
		{"root", "", "only root can"},
		{"nobody at all", "", `error: user "nobody at all" is unknown`},
		{"", "", "well 54321 54321"},
	} {
		if got := play(t, 54321, "try", c.user, c.group).line(t); !strings.HasPrefix(got, c.says) && !strings.Contains(got, c.says) {
			t.Errorf("%q %q: %s", c.user, c.group, got)
		}
	}
}

func TestDropRefusesWhatIsHalfDone(t *testing.T) {
	needsRoot(t)
	if got := play(t, 0, "half").line(t); !strings.Contains(got, "given up root only partly (user ids [54321 54321 0])") {
		t.Error(got)
	}
}

func TestDropOfRootToAGroup(t *testing.T) {
	needsRoot(t)
	if got := play(t, 0, "try", "", "54322").line(t); got != "well 0 54322" {
		t.Error(got)
	}
}

// The errors of verify for a thread that has kept a right of root.
func TestStatusIsChecked(t *testing.T) {
	to := Identity{UID: 5, GID: 6, Groups: []int{7, 6}}
	good := "Name:\tx\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\nGroups:\t6 7 \n"
	for text, says := range map[string]string{
		good: "",
		strings.Replace(good, "5\t5\n", "0\t5\n", 1):   "user ids [5 5 0 5]",
		strings.Replace(good, "\t6\n", "\t0\n", 1):     "group ids [6 6 6 0]",
		strings.Replace(good, "6 7 ", "0 6 7", 1):      "groups [0 6 7]",
		strings.Replace(good, "6 7 ", "", 1):           "groups []",
		strings.Replace(good, "Uid:\t5", "Uid:\tx", 1): "a line",
		"Name: x\n": "lacks its ids",
	} {
		s, err := parseStatus(text)
		if err == nil {
			err = s.check(to)
		}
		if says == "" && err != nil {
			t.Error(err)
		} else if says != "" {
			contains(t, err, says)
		}
	}
}

func playNice([]string) {
	threads(10)
	check(Nice(7))
	threads(5)
	check(Nice(11))
	err := Nice(3) // only root may
	fmt.Println(err)
	pause()
}

func TestNice(t *testing.T) {
	contains(t, Nice(20), "between -20 and 19")
	before, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := play(t, 0, "nice")
	want := "11"
	if got := p.line(t); os.Geteuid() == 0 && got == "<nil>" {
		want = "3"
	} else if got != "setting the nice value to 3: setpriority: permission denied" {
		t.Fatal(got)
	}
	dir := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
	tasks, err := os.ReadDir(dir)
	if err != nil || len(tasks) < 15 {
		t.Fatal(len(tasks), err)
	}
	for _, task := range tasks {
		stat, err := os.ReadFile(dir + "/" + task.Name() + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		if got := strings.Fields(rest)[16]; got != want { // field 19 of proc(5)
			t.Errorf("thread %s: %s, not %s", task.Name(), got, want)
		}
	}
	// Other processes in the process group are left alone.
	if n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err != nil || n != before {
		t.Errorf("this process: %d, %v; it was %d", 20-n, err, 20-before)
	}
}
