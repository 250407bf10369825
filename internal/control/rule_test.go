package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

const secret, other = "0123456789abcdef", "fedcba9876543210"

func TestNewRule(t *testing.T) {
	for _, c := range []struct{ kind, value, says string }{
		{"uid", "root", "not a number"}, {"uid", "-1", "not a number"}, {"gid", "", "not a number"}, {"user", "no such user", "unknown"}, {"group", "no such group", "unknown"},
		{"cert", "", "name"}, {"token", "short", "openssl"}, {"token", strings.Repeat("x", 513), "openssl"}, {"token", "with a space in it", "character"},
		{"password", "x", "no rule"}, {"", "", "no rule"},
	} {
		_, err := NewRule(c.kind, c.value, rpc.Read)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.kind == "token" && strings.Contains(err.Error(), c.value) {
			t.Errorf("%v: %v", c, err)
		}
	}
	for _, c := range []struct{ kind, value, want string }{
		{"user", "root", "uid:0=operate"}, {"uid", "4711", "uid:4711=operate"}, {"group", "root", "gid:0=operate"}, {"gid", "0", "gid:0=operate"},
		{"cert", "ops", "cert:ops=operate"}, {"token", "deploy:" + secret, "token:deploy=operate"}, {"token", secret, "token:=operate"},
	} {
		r, err := NewRule(c.kind, c.value, rpc.Operate)
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(format, r); err != nil || got != c.want {
				t.Errorf("%v: %s, %v", c, got, err)
			}
		}
	}
	if _, err := New(Options{Registry: newMethods().Registry, Rules: []Rule{{Kind: "token", Role: rpc.Admin}}}); err == nil {
		t.Error("a token that is empty")
	}
}

func TestRoles(t *testing.T) {
	rules := []Rule{
		rule(t, "uid", "1000", rpc.Read), rule(t, "gid", "50", rpc.Operate), rule(t, "gid", "51", rpc.Read),
		rule(t, "cert", "ops", rpc.Admin), rule(t, "uid", "1002", rpc.None),
	}
	for name, c := range map[string]struct {
		p    peer
		want rpc.Role
	}{
		"root":         {peer{uid: 0}, rpc.Admin},
		"self":         {peer{uid: 77}, rpc.Admin},
		"stranger":     {peer{uid: 1001, gid: 1001, groups: []int{1001}}, rpc.None},
		"user":         {peer{uid: 1000, groups: []int{1000}}, rpc.Read},
		"the highest":  {peer{uid: 1000, groups: []int{51, 50}}, rpc.Operate},
		"a group":      {peer{uid: 1001, groups: []int{51}}, rpc.Read},
		"nothing":      {peer{uid: 1002, groups: []int{1}}, rpc.None},
		"TCP":          {peer{uid: -1, gid: -1}, rpc.None},
		"certificate":  {peer{uid: -1, certs: []string{"a", "ops"}}, rpc.Admin},
		"another":      {peer{uid: -1, certs: []string{"opsx"}}, rpc.None},
		"looked up":    {peer{uid: 1, others: true}, rpc.None},
		"no name":      {peer{uid: -1, certs: []string{""}}, rpc.None},
		"root on TCP?": {peer{uid: -1, groups: []int{50}}, rpc.None},
	} {
		if got := roles(rules, 77, c.p); got != c.want {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	rules := []Rule{rule(t, "token", "deploy:"+secret, rpc.Read), rule(t, "token", secret, rpc.Operate), rule(t, "cert", other, rpc.Admin)}
	if who, ok := Authenticate(rules, secret); !ok || who.Role != rpc.Operate || who.Name != "token" {
		t.Error(who, ok)
	}
	for _, wrong := range []string{"", other, secret + "0", secret[1:], strings.ToUpper(secret), "deploy:" + secret} {
		if who, ok := Authenticate(rules, wrong); ok {
			t.Errorf("%q: %v", wrong, who)
		}
	}
	if _, ok := Authenticate([]Rule{{Kind: "token"}}, ""); ok {
		t.Error("an empty token")
	}
}

func TestCheck(t *testing.T) {
	token, cert := rule(t, "token", secret, rpc.Read), rule(t, "cert", "x", rpc.Read)
	for _, c := range []struct {
		address string
		o       Options
		says    string // "": allowed
	}{
		{"unix:///x", Options{}, ""},
		{"tcp://127.0.0.1:1", Options{}, "no client could use it"},
		{"tcp://127.0.0.1:1?anyone=read", Options{}, ""},
		{"tcp://[::1]:1?anyone=admin", Options{}, ""},
		{"tcp://127.0.0.1:1", Options{Rules: []Rule{token}}, ""},
		{"tcp://0.0.0.0:1", Options{Rules: []Rule{token}}, "could be read on the network"},
		{"tcp://:1", Options{Rules: []Rule{token}}, "could be read on the network"},
		{"tcp://example.org:1", Options{Rules: []Rule{token}}, "could be read on the network"},
		{"tcp://0.0.0.0:1?plain=yes", Options{Rules: []Rule{token}}, ""},
		{"tcp://0.0.0.0:1?plain=yes", Options{}, "no client could use it"},
		{"tcp://0.0.0.0:1", Options{Rules: []Rule{token}, TLS: noTLS{}}, ""},
		{"tcp://0.0.0.0:1", Options{Rules: []Rule{cert}, TLS: noTLS{}}, ""},
		{"tcp://0.0.0.0:1", Options{Rules: []Rule{cert}}, "no client could use it"},
		{"tcp://0.0.0.0:1?plain=yes", Options{Rules: []Rule{cert}, TLS: noTLS{}}, "no client could use it"},
		{"tcp://0.0.0.0:1", Options{TLS: noTLS{}}, "no client could use it"},
	} {
		c.o.Registry = newMethods().Registry
		s, err := New(c.o)
		must(t, err)
		a, err := ParseAddress(c.address)
		must(t, err)
		err = s.Check(a)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.address, err)
		}
	}
}

// A listener that others can reach is not taken for one on loopback, whatever
// the address says.
func TestServeLooksAtTheListener(t *testing.T) {
	s, err := New(Options{Registry: newMethods().Registry})
	must(t, err)
	everywhere, err := Listen(t.Context(), Address{Network: "tcp", Addr: "0.0.0.0:0"})
	must(t, err)
	defer everywhere.Close()
	if err := s.Serve(everywhere, Address{Network: "tcp", Addr: "127.0.0.1:0", Anyone: rpc.Admin}); err == nil || !strings.Contains(err.Error(), "others can reach") {
		t.Error(err)
	}
	if err := s.Serve(everywhere, Address{Network: "unix", Addr: "/x"}); err == nil {
		t.Error("a Unix socket?")
	}
}

func TestTokensOverHTTP(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0", Options{Rules: []Rule{rule(t, "token", "deploy:"+secret, rpc.Read)}})
	c := f.browse(t)
	request := func(method string) *strings.Reader {
		return strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":[1]}`)
	}
	if got := do(t, c, "GET", "/healthz", nil); got.StatusCode != 200 {
		t.Error(got)
	}
	for _, path := range []string{"POST /rpc", "GET /", "GET /stream/count", "GET /nothing", "PUT /rpc"} {
		method, path, _ := strings.Cut(path, " ")
		got := do(t, c, method, path, request("set"), "Content-Type", asJSON)
		if got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") == "" {
			t.Error(path, got)
		}
		read(t, got.body).fails(t, rpc.CodeRole, "send a token")
	}
	for _, wrong := range []string{"Bearer " + other, "Bearer", "Bearer ", "Basic " + secret, secret, "Bearer " + secret + "x"} {
		got := do(t, c, "GET", "/healthz", nil, "Authorization", wrong)
		if got.StatusCode != 401 || strings.Contains(got.body, secret) {
			t.Error(wrong, got)
		}
	}
	if log := f.log.String(); strings.Count(log, "a wrong token") != 6 || strings.Contains(log, secret) || strings.Contains(log, other) || !strings.Contains(log, "127.0.0.1:") {
		t.Error(log)
	}
	got := do(t, c, "POST", "/rpc", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"who"}`), "Content-Type", asJSON, "Authorization", "bearer  "+secret)
	if !strings.Contains(got.body, `"name":"token deploy","role":"read"`) {
		t.Error(got)
	}
	// The role of a token is that of its requests, not of the connection.
	if got := do(t, c, "POST", "/rpc", request("echo"), "Content-Type", asJSON); got.StatusCode != 401 || !got.reused {
		t.Error(got)
	}
	got = do(t, c, "POST", "/rpc", request("set"), "Content-Type", asJSON, "Authorization", "Bearer "+secret)
	if a := read(t, got.body); got.StatusCode != 200 {
		t.Error(got)
	} else {
		a.fails(t, rpc.CodeRole, "needs the role operate")
	}
	for _, r := range f.records.list() {
		if !r.Refused {
			t.Errorf("%+v", r)
		}
	}
}

func TestTokensOverLines(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0", Options{Rules: []Rule{rule(t, "token", "deploy:"+secret, rpc.Operate)}})
	c := f.dial(t)
	if got := c.call("rpc.auth", map[string]string{"token": secret}).result(); got != `{"name":"token deploy","role":"operate"}` {
		t.Fatal(got)
	}
	if got := c.call("set", []any{1}).result(); got != "1" {
		t.Error(got)
	}
	if all := greeted(f.Server); len(all) != 1 || all[0].Name != "token deploy" || all[0].Role != rpc.Operate || all[0].UID != -1 {
		t.Errorf("%+v", all)
	}
	// The wrong one can be tried once in a connection.
	wrong := f.dial(t)
	wrong.call("rpc.auth", map[string]string{"token": other}).fails(t, rpc.CodeRole, "unknown")
	if got := wrong.rest(); got != "" {
		t.Error(got)
	}
	for _, request := range []string{
		`{"jsonrpc":"2.0","id":7,"method":"set","params":[1]}`,
		`{"jsonrpc":"2.0","id":7,"method":"set","params":[1]}` + "\n" + `{"jsonrpc":"2.0","id":8,"method":"rpc.auth","params":["` + secret + `"]}`,
		`[{"jsonrpc":"2.0","id":7,"method":"rpc.auth","params":["` + secret + `"]},{"jsonrpc":"2.0","id":8,"method":"set","params":[1]}]`,
		`rubbish`,
	} {
		c := f.dial(t)
		c.send(request + "\n")
		got := c.rest()
		a := read(t, got)
		a.fails(t, rpc.CodeRole, "send a token")
		if strings.HasPrefix(request, "{") && a.ID != 7.0 {
			t.Error(got)
		}
	}
	c = f.dial(t)
	go c.Write([]byte(`{"x":"` + strings.Repeat("x", 1<<20) + `"}` + "\n"))
	read(t, c.rest()).fails(t, rpc.CodeSystem, "larger than 65536 bytes")
	if log := f.log.String(); !strings.Contains(log, `request=set`) || !strings.Contains(log, "wrong token") || strings.Contains(log, secret) {
		t.Error(log)
	}
	if n := len(f.records.list()); n != 2 { // one set, one refusal
		t.Error(f.records.list())
	}
}

// A page in a browser is refused whatever it tries, health too, and by a name
// that somebody has made lead to us.
func TestBrowser(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0?anyone=admin", Options{})
	call := `{"jsonrpc":"2.0","id":1,"method":"set","params":[1]}`
	for _, fields := range []string{
		"Host: localhost\r\nOrigin: http://example.org\r\n", "Host: localhost\r\nOrigin: null\r\n", "Host: localhost\r\nOrigin:\r\n", "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n",
		"Host: example.org\r\n", "Host: example.org:7070\r\n", "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", "Host: localhost\r\nSec-Fetch-Site: same-site\r\n",
	} {
		for _, first := range []string{"POST /rpc", "GET /healthz", "GET /stream/count?n=1", "GET /", "OPTIONS /rpc"} {
			c := f.dial(t)
			c.send(first + " HTTP/1.1\r\n" + fields + "Content-Type: application/json\r\nContent-Length: 51\r\n\r\n" + call)
			if got := c.rest(); !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "-32001") || strings.Contains(got, "Access-Control") {
				t.Errorf("%s %q: %q", first, fields, got)
			}
		}
	}
	if len(f.records.list()) > 0 {
		t.Error("executed:", f.records.list())
	}
	c := f.dial(t)
	c.send("POST /rpc HTTP/1.1\r\nHost: localhost:1\r\nSec-Fetch-Site: none\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 52\r\n\r\n" + call)
	if got := c.rest(); !strings.HasSuffix(got, `"result":1,"id":1}`) {
		t.Error(got)
	}
}

// A panic while a request is answered costs only that request.
func TestPanicOverHTTP(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Hello: func() any { panic("oh") }})
	c := f.browse(t)
	if got := do(t, c, "GET", "/", nil); got.StatusCode != 500 || !strings.Contains(f.log.String(), "oh") {
		t.Error(got)
	}
	if got := do(t, c, "GET", "/healthz", nil); got.StatusCode != 200 || !got.reused {
		t.Error("the panic cost more than its request:", got)
	}
}
