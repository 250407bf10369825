package host

import (
	"os"
	"os/user"
	"strconv"
	"testing"
)

// A user is looked up once, and again when the process has changed its user.
func TestUserIsLookedUpOnce(t *testing.T) {
	t.Cleanup(func() { lastUser.Store(nil) })
	lastUser.Store(nil)
	name := UserName()
	if name == "" {
		t.Fatal("the user has no name")
	}
	found := lastUser.Load()
	if again := UserName(); again != name || lastUser.Load() != found {
		t.Errorf("first %q, then %q, looked up again", name, again)
	}
	lastUser.Store(&named{os.Geteuid() + 1, "before"})
	if now := UserName(); now != name || lastUser.Load().id != os.Geteuid() {
		t.Errorf("as another user it is %q, not %q", now, name)
	}
}

// The group's name is the system's, also when it was looked up before.
func TestGroupName(t *testing.T) {
	lastGroup.Store(nil)
	want := strconv.Itoa(os.Getegid())
	if g, err := user.LookupGroupId(want); err == nil {
		want = g.Name
	}
	if first, again := GroupName(), GroupName(); first != want || again != want {
		t.Errorf("%q and %q, not %q", first, again, want)
	}
}

// A user or group without an account is named by its number.
func TestNumberWithoutAccount(t *testing.T) {
	before := usersFile
	usersFile = os.DevNull
	t.Cleanup(func() {
		usersFile = before
		lastUser.Store(nil)
	})
	lastUser.Store(nil)
	if name := UserName(); name != strconv.Itoa(os.Geteuid()) {
		t.Error(name)
	}
}
