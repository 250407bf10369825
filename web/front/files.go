package front

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/web/ui"
)

// files are the page's files, by name. They are in memory: no path leads to the
// disk.
type files map[string]file

type file struct {
	kind   string
	tag    string // ETag, of the plain body
	plain  []byte
	packed []byte // with gzip; nil if that is not smaller
}

var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// built are the files that were built into the program.
var built = sync.OnceValue(func() files { return load(ui.Files()) })

// load takes the files at the root of from whose kind is known.
func load(from fs.FS) files {
	all := files{}
	entries, _ := fs.ReadDir(from, ".")
	for _, e := range entries {
		kind, known := kinds[path.Ext(e.Name())]
		if !known {
			continue
		}
		if body, err := fs.ReadFile(from, e.Name()); err == nil {
			sum := sha256.Sum256(body)
			all[e.Name()] = file{kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, body, pack(body)}
		}
	}
	return all
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one
	_, _ = z.Write(body)
	_ = z.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// takesGzip reports whether the client understands gzip.
func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
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
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache") // asks each time whether it is still this one
	h.Set("Vary", "Accept-Encoding")
	body, tag := f.plain, f.tag
	if f.packed != nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body, tag = f.packed, strings.TrimSuffix(tag, `"`)+`-gzip"`
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
