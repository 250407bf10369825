package ui

import (
	"io/fs"
	"strings"
	"testing"
)

// The page asks for nothing that is not beside it, at whatever path it is.
func TestFilesAreWhole(t *testing.T) {
	page, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.js", "app.css", "icon.svg"} {
		if content, err := fs.ReadFile(Files(), name); err != nil || len(content) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(content), err)
		}
		if !strings.Contains(string(page), `="`+name+`"`) {
			t.Errorf("index.html does not name %s by a relative address", name)
		}
	}
	for _, bad := range []string{"http:", "https:", `="/`, "style=", "<style", "onload"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html has %q, which its Content-Security-Policy forbids or a sub-path breaks", bad)
		}
	}
}
