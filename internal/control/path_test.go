package control

import (
	"context"
	"crypto/tls"
	"maps"
	stdhttp "net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// tellPath answers with what it was asked.
func tellPath(name string) func(context.Context, *plugin.Request) plugin.Response {
	return func(ctx context.Context, r *plugin.Request) plugin.Response {
		return plugin.Response{
			Type:   "text/plain; charset=utf-8",
			Body:   []byte(strings.Join([]string{name, r.Method, r.Path, r.Query.Get("q"), r.Field("ACCEPT"), string(r.Body), rpc.CallerOf(ctx).Role.String()}, "|")),
			Header: []string{"Content-Security-Policy", "default-src 'none'"},
		}
	}
}

var testPaths = []plugin.Path{
	{Path: "/metrics", Serve: tellPath("metrics")},
	{Path: "/ui/", Open: true, Serve: tellPath("ui")},
	{Path: "/ui/rpc", Role: rpc.Operate, Methods: []string{"POST"}, Serve: tellPath("rpc")},
}

// A path answers as the server's own do, over each kind of address, to those
// who have its role.
func TestPath(t *testing.T) {
	ca := newAuthority(t)
	rules := []Rule{rule(t, "token", secret, rpc.Read)}
	config := &tls.Config{Certificates: ca.issue(t, "server")}
	for name, f := range map[string]*fixture{
		"unix":  serve(t, "", Options{Paths: testPaths, Rules: rules}),
		"tcp":   serve(t, "tcp://127.0.0.1:0?plain=yes", Options{Paths: testPaths, Rules: rules}),
		"tls":   serve(t, "tcp://127.0.0.1:0", Options{Paths: testPaths, Rules: rules, TLS: realTLS{config}}),
		"bound": serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Paths: testPaths}),
	} {
		t.Run(name, func(t *testing.T) {
			c, scheme := f.browse(t), "http"
			if name == "tls" {
				c.Transport.(*stdhttp.Transport).TLSClientConfig = &tls.Config{RootCAs: ca.pool}
				scheme = "https"
			}
			fields := []string{"Accept", "text/plain", "Authorization", "Bearer " + secret}
			role := "read"
			switch name {
			case "unix":
				role = "admin"
			case "bound":
				fields = fields[:2]
			}
			got := doAt(t, c, scheme, "GET", "/metrics?q=7", nil, fields...)
			if want := "metrics|GET|/metrics|7|text/plain||" + role; got.StatusCode != 200 || got.body != want {
				t.Errorf("%d %q, want %q", got.StatusCode, got.body, want)
			}
			for field, want := range map[string]string{
				"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'",
			} {
				if got.Header.Get(field) != want {
					t.Errorf("%s: %q, want %q", field, got.Header.Get(field), want)
				}
			}
			if head := doAt(t, c, scheme, "HEAD", "/metrics?q=7", nil, fields...); head.StatusCode != 200 || head.body != "" || head.ContentLength != int64(len(got.body)+1) || !head.reused {
				t.Error(head)
			}
			got = doAt(t, c, scheme, "POST", "/metrics", nil, fields...)
			if got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
				t.Error(got)
			}
			if got = doAt(t, c, scheme, "GET", "/metrics/", nil, fields...); got.StatusCode != 404 {
				t.Error(got)
			}
		})
	}
}

// Each path has its role; the longest counts.
func TestPathRoles(t *testing.T) {
	const operator = "operator-of-this-test"
	rules := []Rule{rule(t, "token", secret, rpc.Read), rule(t, "token", operator, rpc.Operate)}
	f := serve(t, "tcp://127.0.0.1:0?plain=yes", Options{Paths: testPaths, Rules: rules})
	c := f.browse(t)
	for _, test := range []struct {
		request, token string
		status         int
		body           string
	}{
		{"GET /metrics", "", 401, "not allowed"},
		{"GET /metrics", "wrong", 401, "not allowed"},
		{"POST /metrics", "", 401, "not allowed"}, // tells a stranger nothing
		{"GET /metrics", operator, 200, "metrics|GET|"},
		{"GET /ui/", "", 200, "ui|GET|/ui/|"},
		{"GET /ui/a/b.js", "", 200, "ui|GET|/ui/a/b.js|"},
		{"GET /ui/rpc/", "", 200, "ui|GET|/ui/rpc/|"},
		{"GET /ui", "", 401, "not allowed"},
		{"POST /ui/rpc", "", 401, "not allowed"},
		{"POST /ui/rpc", secret, 403, "/ui/rpc needs the role operate, yours is read"},
		{"POST /ui/rpc", operator, 200, "rpc|POST|/ui/rpc|||the body|operate"},
		{"GET /ui/rpc", operator, 405, "GET is not for this path"},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		fields := []string{"Accept", ""}
		if test.token != "" {
			fields = append(fields, "Authorization", "Bearer "+test.token)
		}
		if got := do(t, c, method, path, strings.NewReader("the body"), fields...); got.StatusCode != test.status || !strings.Contains(got.body, test.body) {
			t.Errorf("%s with %q: %d %q, want %d %q", test.request, test.token, got.StatusCode, got.body, test.status, test.body)
		}
	}
	if got := do(t, c, "GET", "/ui/", nil, "Origin", "http://localhost", "Authorization", "Bearer "+operator); got.StatusCode != 403 {
		t.Error("a web page:", got)
	}
}

// What cannot be sent, and a panic, cost this answer only, and are in the log.
func TestPathThatFails(t *testing.T) {
	answers := map[string]func() plugin.Response{
		"/panic":  func() plugin.Response { panic("lost") },
		"/low":    func() plugin.Response { return plugin.Response{Status: 100} },
		"/high":   func() plugin.Response { return plugin.Response{Status: 600} },
		"/large":  func() plugin.Response { return plugin.Response{Body: make([]byte, 16<<20+1)} },
		"/body":   func() plugin.Response { return plugin.Response{Status: 204, Body: []byte("x")} },
		"/type":   func() plugin.Response { return plugin.Response{Type: "a\r\nb: c"} },
		"/odd":    func() plugin.Response { return plugin.Response{Header: []string{"A"}} },
		"/name":   func() plugin.Response { return plugin.Response{Header: []string{"A b", ""}} },
		"/value":  func() plugin.Response { return plugin.Response{Header: []string{"A", "b\nc"}} },
		"/length": func() plugin.Response { return plugin.Response{Header: []string{"Content-Length", "0"}} },
	}
	paths := []plugin.Path{
		{Path: "/nothing", Serve: func(context.Context, *plugin.Request) plugin.Response { return plugin.Response{} }},
		{Path: "/same", Serve: func(context.Context, *plugin.Request) plugin.Response { return plugin.Response{Status: 304} }},
	}
	for path, answer := range answers {
		paths = append(paths, plugin.Path{Path: path, Serve: func(context.Context, *plugin.Request) plugin.Response { return answer() }})
	}
	f := serve(t, "", Options{Paths: paths})
	c := f.browse(t)
	for path := range answers {
		if got := do(t, c, "GET", path, nil); got.StatusCode != 500 || !strings.Contains(f.log.String(), "path="+path) {
			t.Error(path, got)
		}
	}
	for path, status := range map[string]int{"/nothing": 204, "/same": 304} {
		if got := do(t, c, "GET", path, nil); got.StatusCode != status || got.body != "" {
			t.Error(path, got)
		}
	}
}

func TestPathsThatAreNot(t *testing.T) {
	answer := tellPath("")
	for why, path := range map[string]plugin.Path{
		"served already":         {Path: "/rpc", Serve: answer},
		"below /stream/":         {Path: "/stream/x", Serve: answer},
		"begin with a slash":     {Path: "metrics", Serve: answer},
		"printable ASCII":        {Path: "/a b", Serve: answer},
		"no function Serve":      {Path: "/a"},
		"there is no role 9":     {Path: "/a", Role: 9, Serve: answer},
		`the method "HEAD"`:      {Path: "/a", Methods: []string{"GET", "HEAD"}, Serve: answer},
		`the method "get"`:       {Path: "/a", Methods: []string{"get"}, Serve: answer},
		`path "/twice": it is s`: {Path: "/twice", Serve: answer},
	} {
		paths := []plugin.Path{{Path: "/twice", Serve: answer}, path}
		if _, err := New(Options{Registry: rpc.New(rpc.Options{}), Paths: paths}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", why, err)
		}
	}
}

// What was answered and what was refused is counted.
func TestCounted(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0?plain=yes", Options{Paths: testPaths, Rules: []Rule{rule(t, "token", secret, rpc.Read)}})
	c := f.browse(t)
	for _, request := range []string{"GET /metrics", "HEAD /metrics", "GET /ui/a", "GET /healthz", "GET /nothing", "DELETE /metrics", "POST /ui/rpc"} {
		method, path, _ := strings.Cut(request, " ")
		do(t, c, method, path, nil, "Authorization", "Bearer "+secret)
	}
	do(t, c, "GET", "/metrics", nil)
	do(t, c, "GET", "/", nil, "Authorization", "Bearer "+secret, "A", strings.Repeat("x", 20<<10))
	do(t, c, "POST", "/rpc", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}`), "Content-Type", asJSON, "Authorization", "Bearer "+secret)
	got := f.tally()
	want := map[string]map[string]uint64{"GET /metrics": {"200": 2}, "GET /ui/": {"200": 1}, "GET /healthz": {"200": 1}, "echo": {"0": 1}}
	if !reflect.DeepEqual(got.Requests, want) {
		t.Errorf("%v, want %v", got.Requests, want)
	}
	if want := map[string]uint64{"not_found": 2, "role": 2, "too_large": 1}; !maps.Equal(got.Refused, want) || f.Stats().Refused != 5 {
		t.Errorf("%v, want %v", got.Refused, want)
	}
}
