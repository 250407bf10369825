//go:build unix

package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// texts are the rotated files from the oldest on, and then the file itself.
func rotated(t *testing.T, path string, keep int) (texts []string) {
	t.Helper()
	for n := keep + 1; n > 0; n-- {
		if _, err := os.Lstat(slot(path, n)); err == nil {
			texts = append(texts, read(t, slot(path, n)))
		}
	}
	return append(texts, read(t, path))
}

func TestRotateBySizeUnderLoad(t *testing.T) {
	const maxSize, keep, files = 20_000, 100_000, 50
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path, MaxSize: maxSize, Keep: keep})
	c := newCrowd(l, "g", 4)
	until(t, "there are files enough", func() bool { _, err := os.Stat(slot(path, files)); return err == nil })
	c.stop()
	texts := rotated(t, path, 10*files)
	check(t, texts, c)
	for i, text := range texts {
		if len(text) > maxSize || i < len(texts)-1 && len(text) < maxSize-200 {
			t.Errorf("file %d of %d has %d bytes", i, len(texts), len(text))
		}
	}
}

func TestRotateByAgeUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path, MaxAge: 20 * time.Millisecond, Keep: 1000})
	c := newCrowd(l, "g", 2)
	until(t, "there are files enough", func() bool { _, err := os.Stat(slot(path, 4)); return err == nil })
	c.stop()
	check(t, rotated(t, path, 1000), c)
}

// The age counts from the birth of the file, not from when it was opened, and
// an empty file is never rotated.
func TestAgeOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	o := Options{Path: path, MaxAge: time.Hour}
	for _, text := range []string{"1\n", "2\n"} {
		l := start(t, o)
		l.must(text)
		l.close()
	}
	if got := strings.Join(rotated(t, path, 5), "|"); got != "1\n2\n" {
		t.Errorf("got %q", got)
	}
	o.MaxAge = time.Nanosecond
	start(t, o).must("3\n")
	if got := strings.Join(rotated(t, path, 5), "|"); got != "1\n2\n|3\n" {
		t.Errorf("got %q", got)
	}
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path, MaxSize: 4, Keep: 3})
	for _, text := range []string{"1\n2\n", "a long line\n", "3\n", "4\n5\n", "6\n7\n8\n9\n"} {
		l.must(text)
	}
	want := []string{"3\n4\n", "5\n6\n", "7\n8\n", "9\n"}
	got := rotated(t, path, 3)
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A number that is missing is filled, so that a removed file does not push the
// others out.
func TestGapIsFilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	do(t, os.WriteFile(path+".1", []byte("b\n"), 0o600))
	do(t, os.WriteFile(path+".3", []byte("a\n"), 0o600))
	l := start(t, Options{Path: path, MaxSize: 2, Keep: 3})
	l.must("c\nd\n")
	if got := strings.Join(rotated(t, path, 3), ""); got != "a\nb\nc\nd\n" {
		t.Errorf("got %q", got)
	}
}

// What is not ours is neither moved nor overwritten by a rotation; lines go on,
// and the reason is told.
func TestRotationRefused(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, path, target string){
		"a symbolic link": func(t *testing.T, path, target string) { do(t, os.Symlink(target, path)) },
		"a directory":     func(t *testing.T, path, _ string) { do(t, os.Mkdir(path, 0o700)) },
		"belongs to user": func(t *testing.T, path, _ string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can make a file that belongs to another user")
			}
			do(t, os.WriteFile(path, nil, 0o600))
			do(t, os.Chown(path, 65534, 65534))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, target := filepath.Join(dir, "d.log"), filepath.Join(dir, "target")
			do(t, os.WriteFile(target, []byte("target"), 0o600))
			make(t, path+".1", target)
			before, err := os.Lstat(path + ".1")
			do(t, err)
			l := start(t, Options{Path: path, MaxSize: 4, Keep: 2})
			l.must("1\n2\n")
			for range 2 {
				if err := l.write("1\n2\n"); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("got %v, want %q", err, name)
				}
			}
			if after, err := os.Lstat(path + ".1"); err != nil || !os.SameFile(before, after) || read(t, target) != "target" {
				t.Errorf("it was touched")
			}
			do(t, os.Remove(path+".1"))
			l.must("3\n")
			if got := strings.Join(rotated(t, path, 2), "|"); got != "1\n2\n1\n2\n1\n2\n|3\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Two sinks of one file, as two processes are during an upgrade, both of which
// rotate it.
func TestTwoSinksRotateOneFile(t *testing.T) {
	const files = 40
	path := filepath.Join(t.TempDir(), "d.log")
	o := Options{Path: path, MaxSize: 20_000, Keep: 100_000}
	a, b := start(t, o), start(t, o)
	ca, cb := newCrowd(a, "a", 2), newCrowd(b, "b", 2)
	until(t, "there are files enough", func() bool { _, err := os.Stat(slot(path, files)); return err == nil })
	ca.more(t, 100)
	cb.more(t, 100)
	ca.stop()
	cb.stop()
	check(t, rotated(t, path, 10*files), ca, cb)
}

// Another process has rotated between the look at the path and the lock: its
// new file must stay where it is.
func TestRotatedElsewhereMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path, MaxSize: 4})
	l.must("1\n")
	do(t, os.Rename(path, path+".1"))
	do(t, os.WriteFile(path, []byte("new\n"), 0o600))
	if moved, err := l.rotate(); !moved || err != nil {
		t.Errorf("%v, %v", moved, err)
	}
	if got := strings.Join(rotated(t, path, 5), "|"); got != "1\n|new\n" {
		t.Errorf("got %q", got)
	}
}

// A sink that does not get the lock goes on without rotating.
func TestRotationElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path, MaxSize: 4})
	f, err := os.Open(path)
	do(t, err)
	defer f.Close()
	do(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	l.must("1\n2\n3\n")
	l.must("4\n")
	do(t, unix.Flock(int(f.Fd()), unix.LOCK_UN))
	l.must("5\n")
	if got := strings.Join(rotated(t, path, 5), "|"); got != "1\n2\n3\n4\n|5\n" {
		t.Errorf("got %q", got)
	}
}
