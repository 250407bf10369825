package front

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/web/ui"
)

// Every answer, an error too, has the header fields that protect the page.
func TestHeaders(t *testing.T) {
	l := local(t, newFake(t), legion.RoleRead)
	wrong := request("GET", "/", "", "")
	wrong.Host = "evil.example"
	for _, r := range []*http.Request{
		request("GET", "/", "", ""), request("GET", "/app.js", "", ""), request("GET", "/nothing", "", ""), request("POST", "/rpc", "", "{}"),
		request("POST", "/session", "", `{"token":"`+l.token()+`"}`), request("GET", "/watch", "", ""), wrong,
	} {
		h := ask(l.front, r).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
				"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"X-Content-Type-Options": "nosniff", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if h.Get(name) != want {
				t.Errorf("%s %s: %s is %q, want %q", r.Method, r.URL.Path, name, h.Get(name), want)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	l := local(t, newFake(t), legion.RoleRead)
	script := strings.Repeat("let thumbs = 1\n", 100)
	l.front.files = ui.Load(fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "app.js": {Data: []byte(script)}, "app.css": {Data: []byte("a{}")}, "icon.svg": {Data: []byte("<svg/>")},
		"app.js.map": {Data: []byte("{}")}, "secret": {Data: []byte("x")}, "sub/other.js": {Data: []byte("x")},
	})
	for name, kind := range map[string]string{
		"": "text/html; charset=utf-8", "index.html": "text/html; charset=utf-8", "app.js": "text/javascript; charset=utf-8",
		"app.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		w := ask(l.front, request("GET", "/"+name, "", ""))
		tag := w.Header().Get("ETag")
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || tag == "" || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		r := request("GET", "/"+name, "", "")
		r.Header.Set("If-None-Match", tag)
		expect(t, name+" again", ask(l.front, r), http.StatusNotModified, "")
		if w := ask(l.front, request("HEAD", "/"+name, "", "")); w.Code != 200 || w.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d %s", name, w.Code, w.Body)
		}
		expect(t, "POST "+name, ask(l.front, request("POST", "/"+name, "", "{}")), http.StatusMethodNotAllowed, "")
	}
	r := request("GET", "/app.js", "", "")
	r.Header.Set("Accept-Encoding", "br, gzip")
	w := ask(l.front, r)
	z, err := gzip.NewReader(w.Body)
	if w.Header().Get("Content-Encoding") != "gzip" || err != nil || !strings.HasSuffix(w.Header().Get("ETag"), `-gzip"`) || w.Body.Len() > len(script)/2 {
		t.Fatalf("with gzip: %v, %v", w.Header(), err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != script {
		t.Errorf("unpacked it is %q, %v", plain, err)
	}
	for _, name := range []string{"app.js.map", "secret", "other.js", "sub", "session", "rpc", "watch", "index", "App.js"} {
		if w := ask(l.front, request("GET", "/"+name, "", "")); w.Code != 404 && w.Code != 405 {
			t.Errorf("GET %s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Wherever the handler is, the page and its files are found by relative
// addresses; and no path leads anywhere else.
func TestAnyPath(t *testing.T) {
	f := newFake(t)
	h := Handler(f, Options{Client: f.options(), Authorize: func(*http.Request) (legion.Role, string, error) { return legion.RoleRead, "ana", nil }})
	t.Cleanup(h.(*front).sessions.close)
	mux := http.NewServeMux()
	mux.Handle("/legion/", h)
	mux.Handle("/a/b/", http.StripPrefix("/a/b", h))
	mux.Handle("GET /c/{$}", h)
	server := httptest.NewServer(mux)
	defer server.Close()
	get := func(path string) (int, string) {
		u, err := url.Parse(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := server.Client().Do(&http.Request{Method: "GET", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		text, _ := io.ReadAll(w.Body)
		return w.StatusCode, string(text)
	}
	for _, path := range []string{"/legion/", "/a/b/", "/c/", "/legion"} {
		if code, text := get(path); code != 200 || !strings.Contains(text, "<!doctype html>") {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	for _, base := range []string{"/legion/", "/a/b/"} {
		if code, _ := get(base + "app.js"); code != 200 {
			t.Errorf("%sapp.js: %d", base, code)
		}
		w, err := server.Client().Post(server.URL+base+"session", "application/json", strings.NewReader(`{"token":""}`))
		if err != nil || w.StatusCode != 200 {
			t.Fatalf("%ssession: %v, %v", base, w, err)
		}
		w.Body.Close()
		for _, path := range []string{
			"../go.mod", "..%2fgo.mod", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/go.mod", "....//etc/passwd", `..\go.mod`, "%00", "app.js%00.html",
			"/etc/passwd", "files.go", "dist/index.html.go", "app.js/x",
		} {
			if code, text := get(base + path); code != 404 {
				t.Errorf("%s%s: %d %.80s", base, path, code, text)
			}
		}
	}
}
