package front

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Only the very address of the front is its name: any site can point a name of
// its own at this machine.
func TestHost(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleRead)
	secret := begin(t, l.front, l.token()).Secret
	for _, host := range []string{
		"", "evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8081", "localhost:8080", "127.0.0.1.evil.example:8080",
		"127.0.0.1:8080.evil.example", "127.0.0.1:8080 ", "[::1]:8080", "127.1:8080", "2130706433:8080",
	} {
		for _, r := range []*http.Request{
			request("GET", "/", "", ""), request("GET", "/app.js", "", ""), request("DELETE", "/session", secret, ""),
			request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, l.token())),
			request("POST", "/rpc", secret, `{"jsonrpc":"2.0","id":1,"method":"daemon.status"}`), request("POST", "/watch", secret, `{}`),
		} {
			r.Host = host
			expect(t, fmt.Sprintf("%s %s with Host %q", r.Method, r.URL.Path, host), ask(l.front, r), http.StatusMisdirectedRequest, at)
		}
	}
	if called, _ := f.heard(); len(called) > 0 {
		t.Errorf("it was passed on: %q", called)
	}
	expect(t, "the session", call(l.front, secret, "x", "{}"), 200, "Method not found")
}

// What a page of another site sends is refused, also if it knew a token.
func TestOtherSites(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleRead)
	token := l.token()
	secret := begin(t, l.front, l.token()).Secret
	for _, fields := range []map[string]string{
		{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:8081"}, {"Origin": "http://localhost:8080"},
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
		{"Sec-Fetch-Site": "cross-site", "Origin": "http://" + at},
	} {
		for _, r := range []*http.Request{
			request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, token)), request("DELETE", "/session", secret, ""),
			request("POST", "/rpc", secret, `{"jsonrpc":"2.0","id":1,"method":"daemon.status"}`), request("POST", "/watch", secret, `{}`),
		} {
			r.Header.Del("Sec-Fetch-Site")
			for name, value := range fields {
				r.Header.Set(name, value)
			}
			expect(t, fmt.Sprintf("%s %s with %v", r.Method, r.URL.Path, fields), ask(l.front, r), http.StatusForbidden, "other sites")
		}
	}
	if called, _ := f.heard(); len(called) > 0 {
		t.Errorf("it was passed on: %q", called)
	}
	begin(t, l.front, token) // was not used up
	w := ask(l.front, request("OPTIONS", "/rpc", "", ""))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a browser that asks for another site is told %d %v", w.Code, w.Header())
	}
}

// A form of another page can send neither JSON nor a header field.
func TestForms(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleRead)
	secret := begin(t, l.front, l.token()).Secret
	for _, kind := range []string{"", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/jsonp", ";"} {
		for path, body := range map[string]string{
			"/session": fmt.Sprintf(`{"token":%q}`, l.token()), "/rpc": `{"jsonrpc":"2.0","id":1,"method":"daemon.status"}`, "/watch": `{}`,
		} {
			r := request("POST", path, secret, body)
			r.Header.Set("Content-Type", kind)
			expect(t, kind+" to "+path, ask(l.front, r), http.StatusUnsupportedMediaType, "application/json")
		}
	}
	if called, _ := f.heard(); len(called) > 0 {
		t.Errorf("it was passed on: %q", called)
	}
}

// A token works once, within its time.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		post := func(token string) *httptest.ResponseRecorder {
			return ask(l.front, request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, token)))
		}
		token := l.token()
		if len(token) != 43 || token == l.token() {
			t.Errorf("the token %q has not 256 bits of its own", token)
		}
		begin(t, l.front, token)
		expect(t, "the token again", post(token), 401, "was used")
		for _, wrong := range []string{"", "x", strings.Repeat("A", 43)} {
			expect(t, "the token "+wrong, post(wrong), 401, "was used")
		}

		late, inTime := l.token(), l.token()
		time.Sleep(TokenLife - time.Nanosecond)
		begin(t, l.front, inTime)
		time.Sleep(time.Nanosecond)
		expect(t, "a late token", post(late), 401, "older")

		kept := l.token()
		f.stop()
		expect(t, "a token while the daemon is away", post(kept), http.StatusBadGateway, "away")
		f.start()
		begin(t, l.front, kept)
		expect(t, "that token again", post(kept), 401, "was used")
		if len(l.tokens.ends) > 2 {
			t.Errorf("%d old tokens are kept", len(l.tokens.ends))
		}
	})
}

func TestListenRefuses(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:0", ":0", "localhost:0", "[::]:0", "127.0.0.1", "127.0.0.1.evil.example:0", "[fe80::1%lo]:0"} {
		if l, err := Listen(At("thumbs"), LocalOptions{Addr: addr}); err == nil {
			_ = l.listener.Close()
			t.Errorf("it listens at %s", addr)
		} else if !strings.Contains(err.Error(), "127.0.0.1:PORT") {
			t.Errorf("%s: the error does not say what to give: %v", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:99999", "127.0.0.1:", "[::1]:-1", "127.0.0.1:http", "127.0.0.1:080"} {
		if l, err := Listen(At("thumbs"), LocalOptions{Addr: addr}); err == nil {
			_ = l.listener.Close()
			t.Errorf("it listens at %s", addr)
		} else if !strings.Contains(err.Error(), "is not a number from 0 to 65535") {
			t.Errorf("%s: the address is one of this machine, the port is wrong: %v", addr, err)
		}
	}
}

// A front that ends, ends its sessions, streams and connections.
func TestServe(t *testing.T) {
	legiontest.CheckLeaks(t)
	f := newFake(t)
	l, err := Listen(f, LocalOptions{Client: f.options()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- l.Serve(ctx) }()

	base, token, _ := strings.Cut(l.Link(), "#token=")
	if base != "http://"+l.Addr()+"/" || !strings.HasPrefix(l.Addr(), "127.0.0.1:") {
		t.Errorf("the link leads to %s", base)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport}
	post := func(path, secret, body string) *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", base+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		w, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := post("session", "", fmt.Sprintf(`{"token":%q}`, token))
	text, _ := io.ReadAll(w.Body)
	w.Body.Close()
	_, secret, _ := strings.Cut(string(text), `"secret":"`)
	secret, _, _ = strings.Cut(secret, `"`)
	stream := post("watch", secret, `{}`)
	defer stream.Body.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(stream.Body, first); stream.StatusCode != 200 || err != nil {
		t.Fatalf("the stream: %d, %v", stream.StatusCode, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	rest, _ := io.ReadAll(stream.Body)
	if !strings.Contains(string(rest), `{"end":true`) {
		t.Errorf("the stream ends with %q", rest)
	}
	if _, err := browser.Get(base); err == nil {
		t.Error("it still answers")
	}
}
