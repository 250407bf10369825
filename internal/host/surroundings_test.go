package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A relative runtime folder is below WorkDir, in the same place before and
// after the daemon has changed to that. Other processes start where this one
// did.
func TestRelativeSurroundings(t *testing.T) {
	clean(t)
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(top)
	if err := os.Mkdir("work", 0o700); err != nil {
		t.Fatal(err)
	}
	var s Surroundings
	c := Settings{Name: "d", RuntimeDir: "run", WorkDir: "work"}
	want := filepath.Join(top, "work", "run")
	check := func(when, started string) {
		t.Helper()
		if got, err := s.RuntimePath(c); got != want || err != nil {
			t.Errorf("%s: the runtime folder is %q, not %q; %v", when, got, want, err)
		}
		if got := s.Started(); got != started {
			t.Errorf("%s: others start in %q, not %q", when, got, started)
		}
	}
	check("before", "")
	if err := s.Settle(c, false); err != nil {
		t.Fatal(err)
	}
	check("after", top)
	if got, err := s.RuntimeDir(c, true); got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.RuntimeDir = "elsewhere" // the folder is fixed
	check("later", top)
	if s.Drops(c) {
		t.Error("without a user it changes the user")
	}
}

// What cannot be settled names the field.
func TestUnsettled(t *testing.T) {
	t.Chdir(t.TempDir())
	for field, c := range map[string]Settings{
		"Config.User and Config.Group": {User: "no such user"},
		"Config.WorkDir":               {WorkDir: "missing"},
	} {
		var s Surroundings
		if err := s.Settle(c, false); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
	if Nicer(100) != 19 || Nicer(-100) != -20 {
		t.Error("Nicer leaves the limits of the system")
	}
}
