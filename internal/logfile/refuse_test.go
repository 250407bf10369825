//go:build unix

package logfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What is at the path, or comes there later, is refused and stays as it was.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path, target string)
		says string
	}{
		"a symbolic link": {func(t *testing.T, path, target string) {
			do(t, os.Symlink(target, path))
		}, "a symbolic link"},
		"a link to nothing": {func(t *testing.T, path, target string) {
			do(t, os.Remove(target))
			do(t, os.Symlink(target, path))
		}, "a symbolic link"},
		"a foreign file": {func(t *testing.T, path, target string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can make a file that belongs to another user")
			}
			do(t, os.Chown(target, 65534, 65534))
			do(t, os.Link(target, path))
		}, "belongs to user 65534"},
		"a directory": {func(t *testing.T, path, _ string) {
			do(t, os.Mkdir(path, 0o700))
		}, "a directory"},
		"a fifo": {func(t *testing.T, path, _ string) {
			do(t, unix.Mkfifo(path, 0o600))
		}, "a named pipe"},
		"a socket": {func(t *testing.T, path, _ string) {
			if err := unix.Mknod(path, unix.S_IFSOCK|0o600, 0); err != nil {
				t.Fatal(err)
			}
		}, "a socket"},
		"a hard link": {func(t *testing.T, path, target string) {
			do(t, os.Link(target, path))
		}, "2 names"},
		"a device": {func(t *testing.T, path, _ string) {
			if err := unix.Mknod(path, unix.S_IFCHR|0o600, 1<<8|3); err != nil {
				t.Skipf("cannot make a device: %v", err)
			}
		}, "a device"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, target := filepath.Join(dir, "d.log"), filepath.Join(dir, "target")
			prepare := func() {
				do(t, os.WriteFile(target, []byte("target"), 0o600))
				c.make(t, path, target)
			}
			want := func(err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
					t.Errorf("got %v, want an error that names the path and says %q", err, c.says)
				}
				if got := read(t, target); got != "target" && got != "" {
					t.Errorf("the target was changed to %q", got)
				}
			}
			prepare()
			s, err := Open(Options{Path: path})
			want(err)
			if err == nil {
				_ = s.Close()
			}

			// It takes the place of the log file while lines are written.
			do(t, os.Remove(path))
			os.Remove(target)
			l := start(t, Options{Path: path})
			l.must("1\n")
			do(t, os.Rename(path, path+".1"))
			prepare()
			want(l.write("2\n"))
			do(t, os.Remove(path))
			os.Remove(target)
			l.must("3\n")
			if got, now := read(t, path+".1"), read(t, path); got != "1\n2\n" || now != "3\n" {
				t.Errorf("the files have %q and %q", got, now)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := Open(Options{}); err == nil {
		t.Error("no path: no error")
	}
	path := filepath.Join(t.TempDir(), "none", "d.log")
	if _, err := Open(Options{Path: path}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("no folder: %v", err)
	}
}

// The path does not change with the working directory, and the file is not for
// everybody.
func TestRelativePathAndMode(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	l := start(t, Options{Path: "d.log"})
	t.Chdir("/")
	do(t, os.Remove(filepath.Join(dir, "d.log")))
	l.must("1\n")
	if got := read(t, filepath.Join(dir, "d.log")); got != "1\n" {
		t.Errorf("got %q", got)
	}
	st, err := os.Stat(filepath.Join(dir, "d.log"))
	do(t, err)
	if st.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v", st.Mode())
	}
}

func TestWithoutFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "d.log")
	s, err := Open(Options{Path: path})
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), path+": no such file or directory: make its folder first") {
		t.Errorf("got %v", err)
	}
}
