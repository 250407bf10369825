package front

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/legion-go/legion"
)

// In a program's server its login decides, at every request.
func TestHandler(t *testing.T) {
	f := newFake(t)
	role, person, refused := legion.RoleOperate, "ana", error(nil)
	h := Handler(f, Options{Client: f.options(), Authorize: func(*http.Request) (legion.Role, string, error) { return role, person, refused }})
	t.Cleanup(h.(*front).sessions.close)
	o := begin(t, h, "")
	if o.Role != "operate" || o.As != "ana" || o.Field != "Legion-Session" || !o.Renew {
		t.Errorf("the session is %+v", o)
	}
	if _, lowered := f.heard(); fmt.Sprint(lowered) != `[{"as":"ana","role":"operate"}]` {
		t.Errorf("connections were lowered to %q", lowered)
	}

	// The secret goes beside what a proxy's login uses.
	beside := request("POST", "/rpc", "", `{"jsonrpc":"2.0","id":1,"method":"x"}`)
	beside.Header.Set("Authorization", "Basic YW5hOng=")
	expect(t, "no secret", ask(h, beside), 401, "over")
	beside = request("POST", "/rpc", "", `{"jsonrpc":"2.0","id":1,"method":"x"}`)
	beside.Header.Set("Authorization", "Basic YW5hOng=")
	beside.Header.Set("Legion-Session", o.Secret)
	expect(t, "the secret beside it", ask(h, beside), 200, "Method not found")

	for what, change := range map[string]func(){
		"less":         func() { role = legion.RoleRead },
		"more":         func() { role = legion.RoleAdmin },
		"another":      func() { person = "eve" },
		"nobody":       func() { refused = errors.New("log in first") },
		"without role": func() { role = 0 },
	} {
		role, person, refused = legion.RoleOperate, "ana", nil
		secret := begin(t, h, "").Secret
		change()
		w := call(h, secret, "x", "{}")
		if w.Code != 401 && w.Code != 403 {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		role, person, refused = legion.RoleOperate, "ana", nil
		expect(t, what+", and back", call(h, secret, "x", "{}"), 401, "over")
	}
	refused = errors.New("log in first")
	expect(t, "a session for nobody", ask(h, request("POST", "/session", "", `{"token":""}`)), 403, "log in first")
	refused, role = nil, 0
	expect(t, "a session without a role", ask(h, request("POST", "/session", "", `{"token":""}`)), 403, "no role")
	expect(t, "the page, for anybody", ask(h, request("GET", "/", "", "")), 200, "<!doctype html>")

	role = legion.RoleRead
	f.heard()
	cross := request("POST", "/session", "", `{"token":""}`)
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	expect(t, "a session from another site", ask(h, cross), 403, "other sites")
	cross.Header.Del("Sec-Fetch-Site")
	cross.Header.Set("Origin", "https://evil.example")
	expect(t, "a session from another origin", ask(h, cross), 403, "other sites")
	if _, lowered := f.heard(); len(lowered) > 0 {
		t.Error("it came to the daemon")
	}
}

func TestHandlerNeedsAuthorize(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a handler that lets everybody in was made")
		}
	}()
	Handler(At("thumbs"), Options{})
}

// An Authorize that panics ends the request alone: the session goes on, with
// room for as many requests as before.
func TestAuthorizePanics(t *testing.T) {
	f := newFake(t)
	broken := false
	h := Handler(f, Options{Client: f.options(), Log: slog.New(slog.DiscardHandler), Authorize: func(*http.Request) (legion.Role, string, error) {
		if broken {
			panic("no database")
		}
		return legion.RoleRead, "ana", nil
	}})
	t.Cleanup(h.(*front).sessions.close)
	secret := begin(t, h, "").Secret
	broken = true
	for range maxRequests {
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("the server sees %v", v)
				}
			}()
			call(h, secret, "x", "{}")
		}()
	}
	broken = false
	expect(t, "after the panics", call(h, secret, "x", "{}"), 200, "Method not found")
}
