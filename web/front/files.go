package front

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/legion-go/legion/web/ui"
)

// files are the page's files, by name. They are in memory: no path leads to the
// disk.
type files map[string]ui.File

// protect sets the header fields that every answer has.
func protect(h http.Header) {
	fields := ui.Headers()
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	h.Set("X-Content-Type-Options", "nosniff")
}

// serve answers a request for a file.
func (all files) serve(w http.ResponseWriter, r *http.Request, name string) error {
	if name == "" {
		name = "index.html"
	}
	f, found := all[name]
	if !found {
		return refuse(http.StatusNotFound, "there is nothing at this path")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return refuse(http.StatusMethodNotAllowed, "%s is not for this path", r.Method)
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", "no-cache") // asks each time whether it is still this one
	h.Set("Vary", "Accept-Encoding")
	body, tag := f.Plain, f.Tag
	if f.Packed != nil && ui.TakesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body, tag = f.Packed, strings.TrimSuffix(tag, `"`)+`-gzip"`
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
