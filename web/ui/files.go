package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed dist
var dist embed.FS

// File is a file of the page, ready to be sent.
type File struct {
	Type   string // the media type, the header field Content-Type
	Tag    string // the header field ETag of Plain
	Plain  []byte
	Packed []byte // with gzip; nil if that is not smaller
}

// Files returns index.html, app.js, app.css and icon.svg, by name. Callers must
// not change them. It may be called from any goroutine.
var Files = sync.OnceValue(func() map[string]File {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is fixed
	}
	return Load(built)
})

var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Load takes the files at the root of from whose type is one of a page's.
func Load(from fs.FS) map[string]File {
	all := map[string]File{}
	entries, _ := fs.ReadDir(from, ".")
	for _, e := range entries {
		kind, known := types[path.Ext(e.Name())]
		if !known {
			continue
		}
		if body, err := fs.ReadFile(from, e.Name()); err == nil {
			sum := sha256.Sum256(body)
			all[e.Name()] = File{kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, body, pack(body)}
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

// TakesGzip reports whether a field Accept-Encoding allows gzip (RFC 9110,
// section 12.5.3).
func TakesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, weighed := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
			return !weighed || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
