package legion

import (
	"fmt"
	"os"
	"testing"
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
	if now := userName(); now != name || lastUser.Load().uid != os.Geteuid() {
		t.Errorf("as another user it is %q, not %q", now, name)
	}
}

// The load is what the kernel tells those who read it as text.
func TestLoadIsThatOfTheMachine(t *testing.T) {
	read := func() (text string) {
		b, err := os.ReadFile("/proc/loadavg")
		if err != nil {
			t.Fatal(err)
		}
		var l [3]float64
		if _, err := fmt.Sscan(string(b), &l[0], &l[1], &l[2]); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(l)
	}
	for {
		before, load := read(), machineLoad()
		if before != read() {
			continue // it changes every five seconds
		}
		if fmt.Sprint(load) != before {
			t.Errorf("%v, the kernel says %s", load, before)
		}
		return
	}
}
