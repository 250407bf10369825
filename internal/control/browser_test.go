package control

import (
	"context"
	"crypto/tls"
	stdhttp "net/http"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// ask sends a request with a Host, and returns the status of the answer.
func (f *fixture) ask(t *testing.T, tlsConfig *tls.Config, request, host string, fields ...string) int {
	t.Helper()
	c, scheme := f.browse(t), "http"
	if tlsConfig != nil {
		c.Transport.(*stdhttp.Transport).TLSClientConfig = tlsConfig
		scheme = "https"
	}
	method, path, _ := strings.Cut(request, " ")
	q, err := stdhttp.NewRequestWithContext(t.Context(), method, scheme+"://localhost"+path, nil)
	must(t, err)
	q.Host = host
	for i := 0; i < len(fields); i += 2 {
		q.Header.Set(fields[i], fields[i+1])
	}
	r, err := c.Do(q)
	must(t, err)
	r.Body.Close()
	return r.StatusCode
}

// Of what a browser sends, a path with Page gets what comes from a page of the
// same address, and links to an open one. The others get nothing.
func TestFromBrowser(t *testing.T) {
	paths := []plugin.Path{
		{Path: "/page", Open: true, Page: true, Methods: []string{"GET", "POST"}, Serve: tellPath("page")},
		{Path: "/told", Page: true, Methods: []string{"GET", "POST"}, Serve: tellPath("told")},
		{Path: "/other", Open: true, Methods: []string{"GET", "POST"}, Serve: tellPath("other")},
	}
	ca := newAuthority(t)
	encrypted := &tls.Config{RootCAs: ca.pool}
	rules := []Rule{rule(t, "token", secret, rpc.Read)}
	servers := map[string]*fixture{
		"unix":     serve(t, "", Options{Paths: paths}),
		"loopback": serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Paths: paths}),
		"tls":      serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Paths: paths, TLS: realTLS{&tls.Config{Certificates: ca.issue(t, "server")}}}),
		"open":     serve(t, "tcp://0.0.0.0:0?plain=yes", Options{Paths: paths, Rules: rules}),
	}
	const here, there = "127.0.0.1:7070", "http://127.0.0.1:7070"
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	for _, test := range []struct {
		at, request, host string
		fields            []string
		status            int
	}{
		{"loopback", "GET /page", here, nil, 200},
		{"loopback", "POST /told", here, []string{"Origin", there}, 200},
		{"loopback", "POST /told", here, []string{"Origin", there, "Sec-Fetch-Site", "same-origin"}, 200},
		{"loopback", "GET /told", here, []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 200},
		{"loopback", "GET /page", here, link, 200},
		{"loopback", "GET /told", here, link, 403},
		{"loopback", "POST /page", here, link, 403},
		{"loopback", "GET /page", here, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"loopback", "GET /page", here, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"loopback", "GET /page", here, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"loopback", "POST /told", here, []string{"Origin", "http://127.0.0.1:7071"}, 403},
		{"loopback", "POST /told", here, []string{"Origin", "https://127.0.0.1:7070"}, 403},
		{"loopback", "POST /told", here, []string{"Origin", "http://evil.example"}, 403},
		{"loopback", "POST /told", here, []string{"Origin", "null"}, 403},
		{"loopback", "POST /told", here, []string{"Origin", ""}, 403},
		{"loopback", "OPTIONS /told", here, []string{"Origin", "http://evil.example"}, 403},
		{"loopback", "POST /told", "evil.example:7070", []string{"Origin", "http://evil.example:7070", "Sec-Fetch-Site", "same-origin"}, 403},
		{"loopback", "GET /page", "evil.example", nil, 403},
		{"loopback", "POST /other", here, []string{"Origin", there}, 403},
		{"loopback", "GET /other", here, link, 403},
		{"loopback", "POST /rpc", here, []string{"Origin", there}, 403},
		{"unix", "POST /told", here, []string{"Origin", there}, 200},
		{"unix", "POST /told", "evil.example", []string{"Origin", "http://evil.example"}, 403},
		{"unix", "GET /other", "any.example", nil, 200},
		{"tls", "POST /told", here, []string{"Origin", "https://127.0.0.1:7070"}, 200},
		{"tls", "POST /told", here, []string{"Origin", there}, 403},
		{"open", "POST /page", "thumbs.example:7070", []string{"Origin", "http://thumbs.example:7070"}, 200},
		{"open", "POST /told", "thumbs.example:7070", []string{"Origin", "http://thumbs.example:7070"}, 401},
		{"open", "POST /told", "thumbs.example:7070", []string{"Origin", "http://thumbs.example:7070", "Authorization", "Bearer " + secret}, 200},
		{"open", "POST /told", "thumbs.example:7070", []string{"Origin", "http://evil.example:7070", "Authorization", "Bearer " + secret}, 403},
	} {
		var secured *tls.Config
		if test.at == "tls" {
			secured = encrypted
		}
		if got := servers[test.at].ask(t, secured, test.request, test.host, test.fields...); got != test.status {
			t.Errorf("%s: %s at %s with %q: %d, want %d", test.at, test.request, test.host, test.fields, got, test.status)
		}
	}
}

// What a path asks of the daemon's methods it asks as its client, with no more
// rights than it has kept.
func TestPathMethods(t *testing.T) {
	serveAs := func(role rpc.Role, as string) func(context.Context, *plugin.Request) plugin.Response {
		return func(ctx context.Context, r *plugin.Request) plugin.Response {
			m := r.Methods
			if as != "" {
				m = m.Lower(role, as).Lower(rpc.Admin, as) // which gives nothing back
			}
			if r.Path == "/follow" {
				var all []byte
				err := m.Follow(ctx, r.Query.Get("m"), []byte(`{"value":3}`), func(item []byte) error {
					all = append(append(all, item...), ' ')
					return nil
				})
				if err != nil {
					all = append(all, err.Error()...)
				}
				return plugin.Response{Body: all}
			}
			return plugin.Response{Body: m.Call(ctx, r.Body)}
		}
	}
	post := []string{"POST"}
	f := serve(t, "", Options{Paths: []plugin.Path{
		{Path: "/whole", Methods: post, Serve: serveAs(0, "")},
		{Path: "/lower", Methods: post, Serve: serveAs(rpc.Read, "ana")},
		{Path: "/none", Methods: post, Serve: serveAs(rpc.None, "ana")},
		{Path: "/follow", Serve: serveAs(rpc.Read, "ana")},
	}})
	c := f.browse(t)
	for _, test := range []struct{ path, call, want string }{
		{"/whole", callSet, `"result":1`},
		{"/whole", callWho, `"role":"admin"`},
		{"/lower", callWho, `"role":"read"`},
		{"/lower", callSet, `set needs the role operate, yours is read`},
		{"/none", callEcho, `echo needs the role read, yours is none`},
		{"/lower", "{", `Parse error`},
		{"/lower", `{"jsonrpc":"2.0","method":"echo","params":[1]}`, ""},
	} {
		if got := do(t, c, "POST", test.path, strings.NewReader(test.call)); !strings.Contains(got.body, test.want) {
			t.Errorf("%s %s: %s", test.path, test.call, got.body)
		}
	}
	for method, want := range map[string]string{
		"count": "0 1 2 ", "echo": "Invalid Request: echo is not a stream: call it as a method (-32600)", "nothing": "Method not found: nothing (-32601)",
	} {
		if got := do(t, c, "GET", "/follow?m="+method, nil); got.body != want {
			t.Errorf("%s: %q", method, got.body)
		}
	}
	found := false
	for _, r := range f.records.list() {
		found = found || r.Method == "set" && r.Refused && r.Caller.As == "ana" && r.Caller.Role == rpc.Read
	}
	if !found {
		t.Errorf("the audit log has %+v", f.records.list())
	}
}
