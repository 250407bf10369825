//go:build unix

package logfile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

// ordeal is a log file to which something is done.
type ordeal struct {
	*testing.T
	dir, path string
	files     []held // every file that the path has ever led to
}

// hold keeps the file to which the path leads. It is false without one.
func (o *ordeal) hold() bool {
	h, ok := hold(o.path)
	if ok {
		o.files = append(o.files, h)
	}
	return ok
}

// away is where the file is moved to: not into its own folder, which must
// become empty.
func (o *ordeal) away(n int) string {
	return filepath.Join(filepath.Dir(o.dir), "d.log."+strconv.Itoa(n))
}

// Everything that others do to a log file, many times, while goroutines write.
// The file that the path leads to is held before.
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
	rounds = slow.Tenth(t, rounds, "moves the file away while goroutines write", "2 s")
	dir := filepath.Join(t.TempDir(), "log")
	o := &ordeal{T: t, dir: dir, path: filepath.Join(dir, "d.log")}
	do(t, os.Mkdir(dir, 0o755))
	l := start(t, Options{Path: o.path})
	c := newCrowd(l, "g", 4)
	for n := range rounds {
		until(t, "the file is there", o.hold)
		if n%2 == 0 {
			c.more(t, 1)
		}
		op(o, n)
		if n%10 == 9 {
			_, _ = l.put("")
		}
	}
	c.stop()
	o.hold()
	var texts []string
	for _, h := range o.files {
		texts = append(texts, h.text(t))
	}
	check(t, texts, c)
}

// copytruncate loses what comes between the copy and the truncation; so nothing
// comes then.
func TestCopyTruncate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path})
	before := l.file
	c := newCrowd(l, "g", 4)
	var texts []string
	for range 100 {
		c.more(t, 50)
		l.mu.Lock()
		texts = append(texts, read(t, path))
		do(t, os.Truncate(path, 0))
		l.mu.Unlock()
	}
	c.stop()
	h, _ := hold(path)
	check(t, append(texts, h.text(t)), c)
	if l.file != before {
		t.Error("reopened for nothing")
	}
}

// A truncation at any moment leaves neither a hole nor a torn line.
func TestTruncateUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	l := start(t, Options{Path: path})
	c := newCrowd(l, "g", 4)
	for range 200 {
		c.more(t, 50)
		do(t, os.Truncate(path, 0))
	}
	c.stop()
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
