package legion

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The statistics name the user and the parent of the process, and its log file.
func TestStatsOfTheProcess(t *testing.T) {
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
