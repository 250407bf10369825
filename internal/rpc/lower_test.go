package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// lowerable is a session of an admin, in which a token can be used.
func lowerable(t *testing.T, write func([]byte) error, more ...rpc.Method) *rpc.Session {
	t.Helper()
	who := rpc.Typed("who", "", rpc.None, func(ctx context.Context, _ none) (string, error) {
		c := rpc.CallerOf(ctx)
		return fmt.Sprint(c.Name, " ", c.Role, " ", c.As), nil
	})
	work := rpc.Typed("work", "", rpc.Operate, func(context.Context, none) (bool, error) { return true, nil })
	r := newRegistry(t, rpc.Options{
		Authenticate: func(string) (rpc.Caller, bool) { return rpc.Caller{Name: "token", Role: rpc.Admin}, true },
	}, append(more, who, work)...)
	s := r.NewSession(admin(t), write)
	t.Cleanup(s.Close)
	return s
}

// request is a request as a client writes it.
func request(method, params string) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","method":%q,"params":%s,"id":1}`, method, params)
}

// What a session has given away stays away, whatever it asks for, and whatever
// token it has.
func TestLower(t *testing.T) {
	s := lowerable(t, nil)
	for _, step := range []struct{ request, want string }{
		{string(request("rpc.lower", `{"role":"admin"}`)), `"result":{"name":"test","role":"admin"}`},
		{string(request("rpc.lower", `{"role":"operate","as":"ana"}`)), `"result":{"name":"test","role":"operate"}`},
		{string(request("work", `{}`)), `"result":true`},
		{string(request("rpc.lower", `{"role":"admin"}`)), `"result":{"name":"test","role":"operate"}`},
		{string(request("who", `{}`)), `"result":"test operate ana"`},
		{`[` + string(request("rpc.lower", `{"role":"read"}`)) + `,` + string(request("work", `{}`)) + `]`, `yours is read (test)`},
		{string(request("rpc.auth", `["x"]`)), `"result":{"name":"token","role":"read"}`},
		{string(request("who", `{}`)), `"result":"token read ana"`},
		{string(request("work", `{}`)), `"code":-32001`},
		{string(request("rpc.lower", `{"role":"operate"}`)), `"role":"read"`},
	} {
		if got := string(s.Handle([]byte(step.request))); !strings.Contains(got, step.want) {
			t.Errorf("%s\ngot  %s\nwant %s", step.request, got, step.want)
		}
	}
}

// The person is a short text that can be printed, and does not change.
func TestLowerAs(t *testing.T) {
	for as, want := range map[string]string{
		`ana`: "", `Ana María, ops`: "", `安娜`: "", strings.Repeat("a", 128): "",
		``:     "empty",
		` ana`: "space",
		`a\nb`: "printed", `a\u0007`: "printed", `a\u202eb`: "printed", `a\u0000`: "printed", `a\ufffdb`: "printed",
		strings.Repeat("a", 129): "too long",
	} {
		got := string(lowerable(t, nil).Handle(request("rpc.lower", `{"role":"read","as":"`+as+`"}`)))
		if want == "" && !strings.Contains(got, `"role":"read"`) || want != "" && (!strings.Contains(got, "-32602") || !strings.Contains(got, want)) {
			t.Errorf("%q: %s", as, got)
		}
	}
	s := lowerable(t, nil)
	s.Handle(request("rpc.lower", `{"role":"operate","as":"ana"}`))
	if got := string(s.Handle(request("rpc.lower", `{"role":"read","as":"bob"}`))); !strings.Contains(got, "acts for ana already") {
		t.Error(got)
	}
	if got := string(s.Handle(request("who", `{}`))); !strings.Contains(got, "test operate ana") {
		t.Errorf("what was refused changed something: %s", got)
	}
	for _, params := range []string{`{}`, `{"role":"none"}`, `{"role":"root"}`} {
		if got := string(s.Handle(request("rpc.lower", params))); !strings.Contains(got, "-32602") {
			t.Errorf("%s: %s", params, got)
		}
	}
}

// A stream began with the rights that the session had: it ends.
func TestLowerEndsStreams(t *testing.T) {
	lines := make(chan string, 8)
	s := lowerable(t, func(line []byte) error { lines <- string(line); return nil },
		rpc.Streamed("endless", "", rpc.Admin, func(ctx context.Context, _ none, _ func(int) error) error {
			<-ctx.Done()
			return nil
		}))
	s.Handle(request("endless", `{}`))
	<-lines // its answer
	if got := string(s.Handle(request("rpc.lower", `{"role":"read"}`))); !strings.Contains(got, `"role":"read"`) {
		t.Error(got)
	}
	if got := <-lines; !strings.Contains(got, `"end":true`) {
		t.Error(got)
	}
}
