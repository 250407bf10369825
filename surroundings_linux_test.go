package legion_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A worker has the daemon's arguments and environment, and of Legion's in them
// only the variable by which what it starts is found when it has gone.
func TestSurroundings(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv("GOMAXPROCS", "7") // which is not what the worker's is set to
	t.Setenv("SOMETHING", "with a\ttab and = in it")
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	if got, want := s.must(t, deed{What: "args"}), strings.Join(os.Args, "\n"); got != want {
		t.Errorf("arguments: %q, want %q", got, want)
	}
	env := os.Environ()
	slices.Sort(env)
	cookie := regexp.MustCompile(`(?m)\n?^_LEGION_WORKER=\S+:solo$`)
	got := s.must(t, deed{What: "env"})
	if got, want := cookie.ReplaceAllString(got, ""), strings.Join(env, "\n"); got != want {
		t.Errorf("environment: %q\nwant %q", got, want)
	}
	mark := cookie.FindString(got)
	got = s.must(t, deed{What: "grandchild's env"})
	if strings.Count(got, "_LEGION") != 1 || !strings.Contains(got, mark[1:]) || !strings.Contains(got, "GOMAXPROCS=7\n") {
		t.Errorf("a grandchild's environment: %q", got)
	}
}

// What a shell, or a C library, has left open in the daemon is not open in a
// worker.
func TestStrangeDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDONLY, 0o600) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	if got := s.must(t, deed{What: "open files"}); strings.Contains(got, path) {
		t.Errorf("a worker has it open:\n%s", got)
	}
}

// A daemon that is started in a folder that was removed can go elsewhere, but
// not to a place relative to it.
func TestWorkDirFromNowhere(t *testing.T) {
	legiontest.CheckLeaks(t)
	gone := filepath.Join(t.TempDir(), "gone")
	for dir, says := range map[string]string{"/": "", "elsewhere": "relative to a working directory that does not exist"} {
		if err := os.Mkdir(gone, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Chdir(gone)
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
		c := quiet("solo")
		c.WorkDir = dir
		s := newSoloOf(c, legion.Pool{Max: 1})
		err := s.d.Start(t.Context())
		if says != "" {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", dir, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := s.must(t, deed{What: "pid"}); got == "" {
			t.Error("its worker does not work")
		}
		stop(t, s.d)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		pool legion.Pool
		want string
	}{
		{legion.Pool{Procs: 2, Nice: 5, Files: 64}, fmt.Sprintf("procs 2, nice %d, files 64", nicer(5))},
		{legion.Pool{Files: 100}, fmt.Sprintf("procs 1, nice %d, files 100", nicer(0))},
	} {
		c.pool.Max = 1
		s := newSolo("solo", c.pool).start(t)
		if got := s.must(t, deed{What: "limits"}); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
