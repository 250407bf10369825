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

// Something happens between the look at the path and the write: the narrowest
// gap that there is.
func TestWhatHappensJustBeforeTheWrite(t *testing.T) {
	for name, c := range map[string]struct {
		do        func(t *testing.T, path string)
		old, path string
	}{
		"nothing": {func(*testing.T, string) {}, "1\n2\n3\n4\n", "1\n2\n3\n4\n"},
		"delete":  {func(t *testing.T, path string) { do(t, os.Remove(path)) }, "1\n", "2\n3\n4\n"},
		"rename":  {func(t *testing.T, path string) { do(t, os.Rename(path, path+".1")) }, "1\n2\n3\n", "4\n"},
		"replace": {func(t *testing.T, path string) {
			do(t, os.WriteFile(path+".new", []byte("new\n"), 0o600))
			do(t, os.Rename(path+".new", path))
		}, "1\n", "new\n2\n3\n4\n"},
		"truncate": {func(t *testing.T, path string) { do(t, os.Truncate(path, 0)) }, "2\n3\n4\n", "2\n3\n4\n"},
		"delete, but it has another name": {func(t *testing.T, path string) {
			do(t, os.Link(path, path+".1"))
			do(t, os.Remove(path))
		}, "1\n2\n3\n", "4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.log")
			armed := false
			l := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				if armed {
					armed = false
					c.do(t, path)
				}
				return unix.Write(fd, p)
			}})
			l.must("1\n")
			h, _ := hold(path)
			armed = true
			l.must("2\n3\n")
			l.must("4\n")
			if old, now := h.text(t), read(t, path); old != c.old || now != c.path {
				t.Errorf("the old file has %q, want %q; the path's has %q, want %q", old, c.old, now, c.path)
			}
		})
	}
}

// A write that ends after any number of bytes leaves whole lines only, those
// that Put returns; the rest follows, once.
func TestPartialWrites(t *testing.T) {
	const batch = "first\nsecond\nthird and last\n"
	for _, fail := range []error{unix.ENOSPC, unix.EIO, unix.EINTR, nil} {
		for cut := range len(batch) + 1 {
			path := filepath.Join(t.TempDir(), "d.log")
			calls := 0
			l := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				switch calls++; {
				case calls == 1 && cut > 0:
					return unix.Write(fd, p[:cut])
				case calls == 1 && fail == nil:
					return 0, nil // what no system should do
				case calls == 1, calls == 2 && cut < len(batch) && fail != nil:
					return -1, fail
				}
				return unix.Write(fd, p)
			}})
			n, err := l.put(batch)
			if got := read(t, path); got != batch[:n] || n > 0 && got[n-1] != '\n' {
				t.Fatalf("%v after %d bytes: put %d, the file has %q", fail, cut, n, got)
			}
			if fails := fail != nil && fail != unix.EINTR && cut < len(batch); (err != nil) != (fails || fail == nil && cut == 0) || fails && !errors.Is(err, fail) {
				t.Fatalf("%v after %d bytes: %v", fail, cut, err)
			}
			l.must(batch[n:])
			if got := read(t, path); got != batch {
				t.Fatalf("%v after %d bytes: %q", fail, cut, got)
			}
			l.close()
		}
	}
}

// What another process did to the end of the file is not undone together with a
// line of ours.
func TestPartialWriteBesideOthers(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(path string) error
		want string
	}{
		"appends": {func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("foreign\n")
				f.Close()
			}
			return err
		}, "firseforeign\nfirst\nsecond\n"},
		"truncates": {func(path string) error { return os.Truncate(path, 0) }, "first\nsecond\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.log")
			calls := 0
			l := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				switch calls++; calls {
				case 1:
					return unix.Write(fd, []byte("firse"))
				case 2:
					do(t, c.do(path))
					return -1, unix.ENOSPC
				}
				return unix.Write(fd, p)
			}})
			l.must("first\nsecond\n")
			if got := read(t, path); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A program that deletes the file before every write does not keep Put busy.
func TestDeletedAgainAndAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	writes, stop := 0, false
	l := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
		if writes++; !stop {
			do(t, os.Remove(path))
		}
		return unix.Write(fd, p)
	}})
	if n, err := l.put("1\n2\n"); n > 0 || err == nil || !strings.Contains(err.Error(), "again and again") || writes != maxDeletions {
		t.Errorf("%d bytes after %d writes: %v", n, writes, err)
	}
	stop = true
	l.must("1\n2\n")
	if got := read(t, path); got != "1\n2\n" {
		t.Errorf("got %q", got)
	}
}
