package legion

import (
	"fmt"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A user is looked up once, and again when the process has become another.
func TestUserIsLookedUpOnce(t *testing.T) {
	t.Cleanup(func() { lastUser.Store(nil) })
	lastUser.Store(nil)
	name := userName()
	if name == "" {
		t.Fatal("there is no name")
	}
	found := lastUser.Load()
	if again := userName(); again != name || lastUser.Load() != found {
		t.Errorf("first %q, then %q, looked up again", name, again)
	}
	lastUser.Store(&namedUser{os.Geteuid() + 1, "before"})
	if now := userName(); now != name || lastUser.Load().id != os.Geteuid() {
		t.Errorf("as another user it is %q, not %q", now, name)
	}
}

// The figures say whom the process runs as, whose child it is, and where its log
// is.
func TestStatsOfTheProcess(t *testing.T) {
	lastGroup.Store(nil)
	d := New(Config{Name: "solo", LogFile: "some.log", StopTimeout: time.Second})
	s := d.Stats()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if s.UID != os.Geteuid() || s.GID != os.Getegid() || s.Parent != os.Getppid() || s.LogFile != filepath.Join(dir, "some.log") {
		t.Errorf("%+v", s)
	}
	g, err := user.LookupGroupId(strconv.Itoa(s.GID))
	if err != nil {
		t.Fatal(err)
	}
	if s.Group != g.Name || d.Stats().Group != g.Name {
		t.Errorf("group %q, not %q", s.Group, g.Name)
	}
}

// The load is what the kernel tells those who read it as text.
func TestLoadIsThatOfTheMachine(t *testing.T) {
	read := func() (l [3]float64) {
		b, err := os.ReadFile("/proc/loadavg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(string(b), &l[0], &l[1], &l[2]); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for {
		before, load := read(), machineLoad()
		if before != read() {
			continue // it changes every five seconds
		}
		for i := range load {
			if math.Abs(load[i]-before[i]) > 0.011 { // it rounds in two ways
				t.Errorf("%v, the kernel says %v", load, before)
				break
			}
		}
		return
	}
}
