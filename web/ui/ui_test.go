package ui

import (
	"strings"
	"testing"
)

// The page asks for nothing that is not beside it, at whatever path it is.
func TestFilesAreWhole(t *testing.T) {
	page := string(Files()["index.html"].Plain)
	for _, name := range []string{"app.js", "app.css", "icon.svg"} {
		if f := Files()[name]; len(f.Plain) == 0 || f.Type == "" || len(f.Packed) >= len(f.Plain) {
			t.Errorf("%s: %d bytes, %d packed, %q", name, len(f.Plain), len(f.Packed), f.Type)
		}
		if !strings.Contains(page, `="`+name+`"`) {
			t.Errorf("index.html does not name %s by a relative address", name)
		}
	}
	for _, bad := range []string{"http:", "https:", `="/`, "style=", "<style", "onload"} {
		if strings.Contains(page, bad) {
			t.Errorf("index.html has %q, which its Content-Security-Policy forbids or a sub-path breaks", bad)
		}
	}
}

func TestTakesGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "br;q=1.0,gzip ; Q=1": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, br": false, "xgzip": false,
	} {
		if TakesGzip(accept) != want {
			t.Errorf("%q: %t", accept, !want)
		}
	}
}
