//go:build unix

package logfile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// ordeal is a log file to which something is done.
type ordeal struct {
	*testing.T
	dir, path string
	files     []held // every file that the path has ever led to
}

// hold keeps the file to which the path leads. It is false if there is none.
func (o *ordeal) hold() bool {
	h, ok := hold(o.path)
	if ok {
		o.files = append(o.files, h)
	}
	return ok
}

// away is where the file is moved to: not into its own folder, which must become empty.
func (o *ordeal) away(n int) string {
	return filepath.Join(filepath.Dir(o.dir), "d.log."+strconv.Itoa(n))
}

// Everything that others do to a log file, many times, while goroutines write. The file that the path leads to is held
// before.
func TestNoLineIsLostWhateverBecomesOfTheFile(t *testing.T) {
	ops := []struct {
		name string
		do   func(o *ordeal, n int)
	}{
		{"rename", func(o *ordeal, n int) {
			do(o, os.Rename(o.path, o.away(n)))
		}},
		{"rename, create", func(o *ordeal, n int) {
			do(o, os.Rename(o.path, o.away(n)))
			if f, err := os.OpenFile(o.path, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				f.Close()
			}
		}},
		{"delete", func(o *ordeal, _ int) {
			do(o, os.Remove(o.path))
		}},
		{"replace", func(o *ordeal, _ int) {
			do(o, os.WriteFile(o.path+".new", nil, 0o600))
			do(o, os.Rename(o.path+".new", o.path))
		}},
		{"remove the folder", func(o *ordeal, _ int) {
			do(o, os.Remove(o.path))
			until(o, "the folder is empty", func() bool {
				if o.hold() { // the writer was faster
					do(o, os.Remove(o.path))
				}
				return os.Remove(o.dir) == nil
			})
			do(o, os.Mkdir(o.dir, 0o755))
		}},
		{"rename the folder", func(o *ordeal, n int) {
			do(o, os.Rename(o.dir, o.dir+"."+strconv.Itoa(n)))
			do(o, os.Mkdir(o.dir, 0o755))
		}},
	}
	for _, op := range ops {
		t.Run(op.name, func(t *testing.T) { undergo(t, 100, op.do) })
	}
	t.Run("all of them", func(t *testing.T) {
		undergo(t, 300, func(o *ordeal, n int) { ops[n%len(ops)].do(o, n) })
	})
}

func undergo(t *testing.T, rounds int, op func(o *ordeal, n int)) {
	if testing.Short() {
		rounds /= 10
	}
	dir := filepath.Join(t.TempDir(), "log")
	o := &ordeal{T: t, dir: dir, path: filepath.Join(dir, "d.log")}
	do(t, os.Mkdir(dir, 0o755))
	w := start(t, Options{Path: o.path})
	c := newCrowd(t, w, "g", 4, true)
	for n := range rounds {
		until(t, "the file is there", o.hold)
		if n%2 == 0 {
			flush(t, w)
		}
		op(o, n)
		if n%10 == 9 {
			w.Reopen()
		}
	}
	c.stop()
	s := finish(t, w)
	o.hold()
	var texts []string
	for _, h := range o.files {
		texts = append(texts, h.text(t))
	}
	check(t, texts, s.Dropped, c)
	if s.Dropped > 0 {
		t.Errorf("%d lines dropped although everybody was patient", s.Dropped)
	}
}

// copytruncate loses what comes between the copy and the truncation; so nothing comes then.
func TestCopyTruncate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	c := newCrowd(t, w, "g", 4, true)
	var texts []string
	for range 100 {
		more(t, w, 300)
		c.hold.Lock()
		flush(t, w)
		texts = append(texts, read(t, path))
		do(t, os.Truncate(path, 0))
		c.hold.Unlock()
	}
	c.stop()
	s := finish(t, w)
	h, _ := hold(path)
	check(t, append(texts, h.text(t)), s.Dropped, c)
	if s.Reopened > 0 {
		t.Errorf("reopened %d times for nothing", s.Reopened)
	}
}

// A truncation at any moment leaves neither a hole nor a torn line.
func TestTruncateUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	c := newCrowd(t, w, "g", 4, true)
	for range 200 {
		more(t, w, 300)
		do(t, os.Truncate(path, 0))
	}
	c.stop()
	finish(t, w)
	h, _ := hold(path)
	// What was truncated is missing; from there on everything must be there.
	next := map[string]int{}
	for l := range strings.Lines(h.text(t)) {
		who, n, ok := parse(l)
		if !ok {
			t.Fatalf("torn line: %q", l)
		}
		if at, seen := next[who]; seen && n != at {
			t.Fatalf("line %d of %s after its line %d", n, who, at-1)
		}
		next[who] = n + 1
	}
	for i, name := range c.names {
		if end, seen := next[name]; seen && end != c.wrote[i] {
			t.Errorf("%s wrote %d lines, the last one in the file is %d", name, c.wrote[i], end-1)
		}
	}
}
