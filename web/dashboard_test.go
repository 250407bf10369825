package web_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/roletest"
	"github.com/legion-go/legion/web/ui"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"daemon.hello"}`

// The page's files are for everyone, and every answer protects the page.
func TestPage(t *testing.T) {
	s := show(t, nil)
	for path, kind := range map[string]string{
		"/ui/": "text/html; charset=utf-8", "/ui/index.html": "text/html; charset=utf-8", "/ui/app.js": "text/javascript; charset=utf-8",
		"/ui/app.css": "text/css; charset=utf-8", "/ui/icon.svg": "image/svg+xml",
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+path, nil)
		w, text := s.ask(r)
		name := strings.TrimPrefix(path, "/ui/")
		if name == "" {
			name = "index.html"
		}
		if w.StatusCode != 200 || w.Header.Get("Content-Type") != kind || text != string(ui.Files()[name].Plain) {
			t.Errorf("%s: %d %v", path, w.StatusCode, w.Header)
		}
		r.Header.Set("Accept-Encoding", "gzip, br")
		if w, text = s.ask(r); w.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			b := new(strings.Builder)
			if _, err := bufio.NewReader(z).WriteTo(b); err != nil || b.String() != string(ui.Files()[name].Plain) {
				t.Errorf("%s, unpacked: %v", path, err)
			}
		} else if ui.Files()[name].Packed != nil {
			t.Errorf("%s is not packed", path)
		}
		r.Method = "HEAD"
		if w, text := s.ask(r); w.StatusCode != 200 || text != "" {
			t.Errorf("HEAD %s: %d %q", path, w.StatusCode, text)
		}
	}
	slash, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/ui", nil)
	if w, _ := s.ask(slash); w.StatusCode != 308 || w.Header.Get("Location") != "ui/" {
		t.Errorf("/ui: %d %v", w.StatusCode, w.Header)
	}
	for path, status := range map[string]int{
		"/ui/nothing": 404, "/ui/app.js/x": 404, "/ui/..%2fgo.mod": 400, "/ui/%2e%2e/go.mod": 400, "/ui/dist/app.js": 404, "/ui/session": 405, "/ui/rpc": 401, "/ui/watch": 401,
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+path, nil)
		s.expect(path, r, status, "")
	}

	get, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/ui/", nil)
	lost, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/ui/nothing", nil)
	form := s.request("POST", "/ui/rpc", reader, "read", hello)
	form.Header.Set("Content-Type", "text/plain")
	for _, r := range []*http.Request{
		get, lost, slash, form, s.request("POST", "/ui/session", "", "read", "{}"), s.request("POST", "/ui/session", reader, "read", "{}"), s.request("POST", "/ui/rpc", reader, "read", hello),
		s.request("POST", "/ui/watch", reader, "read", `{"topics":"x"}`),
	} {
		w, _ := s.ask(r)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
				"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if got := w.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", r.Method, r.URL.Path, name, got, want)
			}
		}
	}
}

// A session has the role that is asked for, and no more than the token has.
func TestLogin(t *testing.T) {
	s := show(t, nil)
	s.expect("without a token", s.request("POST", "/ui/session", "", "read", "{}"), 401, `{"login":true}`)
	s.expect("a wrong token", s.request("POST", "/ui/session", "wrong-token-of-this-test", "read", "{}"), 401, "the token in the field Authorization is unknown")
	s.expect("rpc without a token", s.request("POST", "/ui/rpc", "", "read", hello), 401, "send a token")
	s.expect("rpc with a wrong token", s.request("POST", "/ui/rpc", "wrong-token-of-this-test", "read", hello), 401, "unknown")
	s.expect("watch without a token", s.request("POST", "/ui/watch", "", "read", `{"topics":["daemon"]}`), 401, "send a token")
	for _, test := range []struct{ token, asks, role string }{
		{reader, "read", "read"}, {reader, "admin", "read"}, {operator, "read", "read"}, {operator, "operate", "operate"}, {boss, "operate", "operate"}, {boss, "admin", "admin"},
	} {
		var o struct {
			Login                               bool
			Role, As, Daemon, Commands, Version string
		}
		w, text := s.ask(s.request("POST", "/ui/session", test.token, test.asks, `{}`))
		if err := json.Unmarshal([]byte(text), &o); err != nil || w.StatusCode != 200 || !o.Login || o.Role != test.role || o.As != "dashboard" || o.Daemon != "web-test" || o.Commands != "web-test" {
			t.Errorf("%+v: %d %s", test, w.StatusCode, text)
		}
		pause := `{"jsonrpc":"2.0","id":1,"method":"own.steer"}`
		want := `"result":true`
		if test.role == "read" {
			want = "own.steer needs the role operate, yours is read"
		}
		s.expect(test.asks, s.request("POST", "/ui/rpc", test.token, test.asks, pause), 200, want)
	}
	log := s.log()
	for _, want := range []string{
		`"audit: done" daemon=web-test who="token operator" as=dashboard role=operate`, `"audit: refused" daemon=web-test who="token operator" as=dashboard role=read`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in\n%s", want, log)
		}
	}
	for _, secret := range []string{reader, operator, boss, "wrong-token-of-this-test"} {
		if strings.Contains(log, secret) {
			t.Errorf("the token %s is in the log", secret)
		}
	}
}

// A token with the role read, and one that may do everything and keeps read
// alone, may call what any client with that role may, and nothing else.
func TestReadTriesEverything(t *testing.T) {
	s := show(t, nil)
	for _, token := range []string{reader, boss} {
		roletest.ReadTriesEverything(t, s.admin, s.called, func(request string) string {
			w, text := s.ask(s.request("POST", "/ui/rpc", token, "read", request))
			if w.StatusCode != 200 {
				t.Fatalf("%s: %d %s", request, w.StatusCode, text)
			}
			return text
		})
		batch := `[` + strings.Replace(hello, "daemon.hello", "own.steer", 1) + `]`
		s.expect("a batch", s.request("POST", "/ui/rpc", token, "read", batch), 200, "needs the role operate, yours is read")
		multicall := `{"jsonrpc":"2.0","id":1,"method":"system.multicall","params":[[{"methodName":"own.end"}]]}`
		s.expect("a multicall", s.request("POST", "/ui/rpc", token, "read", multicall), 200, "needs the role admin, yours is read")
	}
	if len(s.called) > 0 {
		t.Error("a method that needs more was called")
	}
}

// What does not come from the page itself does nothing, whatever token it has.
func TestOtherSites(t *testing.T) {
	s := show(t, nil)
	steer := `{"jsonrpc":"2.0","id":1,"method":"own.steer"}`
	set := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	for what, test := range map[string]struct {
		status int
		change func(*http.Request)
	}{
		"the page":               {200, func(*http.Request) {}},
		"an old browser's":       {200, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }},
		"no browser":             {200, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Del("Origin") }},
		"a forged Origin":        {403, set("Origin", "https://evil.example")},
		"no origin":              {403, set("Origin", "null")},
		"another port":           {403, set("Origin", "http://127.0.0.1:1")},
		"another scheme":         {403, set("Origin", "https://"+s.host)},
		"cross-site":             {403, set("Sec-Fetch-Site", "cross-site")},
		"another port's page":    {403, set("Sec-Fetch-Site", "same-site")},
		"a name for the address": {403, func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Origin", "http://evil.example") }},
		"a form":                 {415, set("Content-Type", "application/x-www-form-urlencoded")},
		"a form of text":         {415, set("Content-Type", "text/plain")},
		"a form of a file":       {415, set("Content-Type", "multipart/form-data; boundary=x")},
		"without Legion-Role":    {400, func(r *http.Request) { r.Header.Del("Legion-Role") }},
		"with the role none":     {400, set("Legion-Role", "none")},
		"no Authorization":       {401, func(r *http.Request) { r.Header.Del("Authorization") }},
		"a token in a cookie": {401, func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("Cookie", "Authorization=Bearer "+operator)
		}},
		"a token in the address": {401, func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + operator }},
		"basic":                  {401, func(r *http.Request) { r.SetBasicAuth("operator", operator) }},
	} {
		for _, path := range []string{"/ui/rpc", "/ui/watch", "/ui/session"} {
			r := s.request("POST", path, operator, "operate", steer)
			test.change(r)
			s.expect(what+" at "+path, r, test.status, "")
		}
	}
	preflight := s.request("OPTIONS", "/ui/rpc", "", "", "")
	set("Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Access-Control-Request-Method", "POST")(preflight)
	if w, _ := s.ask(preflight); w.StatusCode != 401 || w.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight: %d %v", w.StatusCode, w.Header)
	}
	own := s.request("POST", "/rpc", operator, "", steer)
	s.expect("the page at the daemon's own path", own, 403, "web pages are refused")
	if n := len(s.called); n != 3 {
		t.Errorf("%d calls were made, 3 are allowed", n)
	}
}

// Bodies are bounded, more so for who is not known.
func TestBodiesAreBounded(t *testing.T) {
	s := show(t, nil)
	for token, size := range map[string]int{reader: 4<<20 + 1, "": 64<<10 + 1} {
		s.expect("a body that is too large", s.request("POST", "/ui/session", token, "read", strings.Repeat(" ", size)), 413, "larger than")
	}
	s.expect("a body with a request and spaces", s.request("POST", "/ui/rpc", reader, "read", hello+strings.Repeat(" ", 3<<20)), 200, "web-test")
}

// The stream has what the method watch sends, and ends with the daemon.
func TestWatch(t *testing.T) {
	s := show(t, nil)
	w, err := s.client.Do(s.request("POST", "/ui/watch", reader, "read", `{"topics":["daemon","pools"],"every":1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	in := bufio.NewReader(w.Body)
	line := func() string {
		t.Helper()
		text, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if first := line(); first != "\n" || w.StatusCode != 200 || w.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d %v %q", w.StatusCode, w.Header, first)
	}
	seen := map[string]bool{}
	for !seen["daemon"] || !seen["pools"] {
		var item struct{ Topic string }
		if text := line(); text != "\n" {
			if err := json.Unmarshal([]byte(text), &item); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
		seen[item.Topic] = true
	}
	go func() { _ = s.d.Stop(context.Background()) }()
	last := ""
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			break
		}
		last = text
	}
	if last != `{"end":true,"error":null}`+"\n" {
		t.Errorf("the last line is %q", last)
	}
}

// A browser has four streams at once: the next one ends that which was opened
// longest ago, and says so, or that of the same window. Other browsers and
// other clients have places of their own.
func TestPlaces(t *testing.T) {
	s := show(t, nil)
	streams := map[string]*bufio.Reader{}
	open := func(name, token, browser, window string) {
		t.Helper()
		r := s.request("POST", "/ui/watch", token, "read", `{"topics":["daemon"]}`)
		r.Header.Set("Legion-Browser", browser)
		r.Header.Set("Legion-Window", window)
		w, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Body.Close() })
		streams[name] = bufio.NewReader(w.Body)
		if line, err := streams[name].ReadString('\n'); err != nil || line != "\n" { // it has a place
			t.Fatalf("%s begins with %q: %v", name, line, err)
		}
	}
	ended := func(name, last string) {
		t.Helper()
		text, err := io.ReadAll(streams[name])
		if err != nil || !strings.HasSuffix("\n"+string(text), "\n"+last+"\n") {
			t.Errorf("%s ends with %q: %v", name, text, err)
		}
		delete(streams, name)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		open(name, reader, "fox", name)
	}
	open("A", reader, "fox", "a")
	ended("a", `{"end":true,"error":null}`) // and if the page asked for A before a, it asks again
	open("other browser", reader, "bear", "")
	open("other client", operator, "fox", "")
	open("e", reader, "fox", "e")
	ended("b", `{"end":true,"error":null,"replaced":true}`)
	s.expect("a call beside them", s.request("POST", "/ui/rpc", reader, "read", hello), 200, "web-test")
	for name, in := range streams {
		for {
			text, err := in.ReadString('\n')
			if err != nil || strings.Contains(text, `"end"`) {
				t.Fatalf("%s: %q %v", name, text, err)
			}
			if strings.Contains(text, `"daemon"`) {
				break // it has a place
			}
		}
	}
}

// A stream that cannot begin says why.
func TestWatchRefused(t *testing.T) {
	s := show(t, nil)
	for body, want := range map[string]string{
		`{"topics":["nothing"]}`: "nothing", `{"topics":7}`: "Invalid params", `[]`: "an object is expected", `{`: "Parse error", ``: "Invalid params",
	} {
		s.expect(body, s.request("POST", "/ui/watch", reader, "read", body), 200, want)
	}
}

// Whom the address itself lets in needs no token, and gets no more than it
// gives.
func TestAnyone(t *testing.T) {
	s := show(t, func(c *legion.Config) { c.Control = "unix: tcp://127.0.0.1:0?anyone=read" })
	s.expect("a session", s.request("POST", "/ui/session", "", "admin", "{}"), 200, `"role":"read"`)
	s.expect("a request", s.request("POST", "/ui/rpc", "", "admin", hello), 200, "web-test")
	s.expect("without the page's field", s.request("POST", "/ui/rpc", "", "", hello), 400, "Legion-Role")
	s.expect("with a token", s.request("POST", "/ui/session", operator, "operate", "{}"), 200, `"role":"operate"`)
}
