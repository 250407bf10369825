package host

import (
	"os"
	"path/filepath"
	"testing"
)

// The links in the path by which a program is started stay; a path to another
// program does not count.
func TestInvoked(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	release, current := filepath.Join(dir, "releases", "1"), filepath.Join(dir, "current")
	for _, err := range []error{
		os.MkdirAll(release, 0o700), os.Symlink(self, filepath.Join(release, "app")), os.Symlink(release, current),
		os.WriteFile(filepath.Join(dir, "other"), nil, 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	app := filepath.Join(current, "app")
	t.Setenv("PATH", current)
	for _, c := range []struct {
		in, arg0, want string
		trusted        bool
	}{
		{in: "/", arg0: app, want: app},
		{in: dir, arg0: "current/app", want: app},
		{in: dir, arg0: "./current/app", want: app},
		{in: current, arg0: "./app", want: app}, // the shell's $PWD has the link
		{in: current, arg0: "../current/app", want: self},
		{in: "/", arg0: "app", want: app}, // in $PATH
		{in: dir, arg0: "other", want: self},
		{in: dir, arg0: "./other", want: self},
		{in: dir, arg0: "-app", want: self},
		{in: dir, arg0: "", want: self},
		{in: dir, arg0: filepath.Join(dir, "other"), want: self},
		{in: dir, arg0: filepath.Join(dir, "other"), trusted: true, want: filepath.Join(dir, "other")},
		{in: dir, arg0: "./other", trusted: true, want: self},
	} {
		t.Chdir(c.in) // sets $PWD too
		if got := Invoked(c.arg0, c.trusted); got != c.want {
			t.Errorf("in %s, %q: %s, want %s", c.in, c.arg0, got, c.want)
		}
	}
}
