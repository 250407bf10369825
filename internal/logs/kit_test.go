package logs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nobody are the handlers of a daemon without handlers.
var nobody = Handlers{Wanted: func() bool { return false }}

// open opens a log of a file in a folder of its own, which the test's end
// closes. read closes the log and returns what is in the file.
func open(t *testing.T, c Config, h Handlers) (l *Log, read func() string) {
	t.Helper()
	c.Name = "solo"
	if c.File == "" {
		c.File = filepath.Join(t.TempDir(), "log")
	}
	l = New(c, h)
	do(t, l.Open())
	t.Cleanup(func() { do(t, l.Close()) })
	return l, func() string {
		t.Helper()
		do(t, l.Close())
		return readFile(t, c.File)
	}
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	do(t, err)
	return string(b)
}

// find returns the one line of text that has all of the parts in it.
func find(t testing.TB, text string, parts ...string) string {
	t.Helper()
	var found []string
	for line := range strings.Lines(text) {
		has := true
		for _, p := range parts {
			has = has && strings.Contains(line, p)
		}
		if has {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d lines with %q in\n%.5000s", len(found), parts, text)
	}
	return found[0]
}
