package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/legion-go/legion/internal/rpc"
)

func TestRoleText(t *testing.T) {
	for _, r := range []rpc.Role{rpc.None, rpc.Read, rpc.Operate, rpc.Admin} {
		text, err := r.MarshalText()
		if err != nil || string(text) != r.String() {
			t.Errorf("%v: %s, %v", r, text, err)
		}
		var again rpc.Role
		if err := again.UnmarshalText(text); err != nil || again != r {
			t.Errorf("%v: %v, %v", r, again, err)
		}
	}
	for _, s := range []string{"", "Admin", "root", "Role(4)"} {
		if _, err := rpc.ParseRole(s); err == nil {
			t.Errorf("%q is a role", s)
		}
	}
	if _, err := rpc.Role(4).MarshalText(); err == nil {
		t.Error("there is a role 4")
	}
}

// A caller may do what its role includes. What it may not do is not run,
// whichever way it is asked for.
func TestRoles(t *testing.T) {
	ran := 0
	run := func(_ context.Context, _ none) (int, error) { ran++; return ran, nil }
	follow := func(context.Context, none, func(int) error) error { ran++; return nil }
	r := rpc.New(rpc.Options{})
	roles := []rpc.Role{rpc.None, rpc.Read, rpc.Operate, rpc.Admin}
	for _, role := range roles {
		if err := errors.Join(r.Add(rpc.Typed(role.String(), "", role, run)), r.Add(rpc.Streamed(role.String()+".follow", "", role, follow))); err != nil {
			t.Fatal(err)
		}
	}
	for _, mine := range roles {
		ctx := rpc.WithCaller(t.Context(), rpc.Caller{Name: "me", Role: mine})
		for _, needed := range roles {
			want, calls := 0, 1
			if needed > mine {
				want, calls = rpc.CodeRole, 0
			}
			request := `{"jsonrpc":"2.0","method":"` + needed.String() + `","id":1}`
			ran = 0
			if a := read(t, r.JSON(ctx, []byte(request))); a.code() != want {
				t.Errorf("%v calls %v: %d", mine, needed, a.code())
			}
			for response := range elementsOf(t, r.JSON(ctx, []byte("["+request+"]"))) {
				if a := read(t, response); a.code() != want {
					t.Errorf("%v calls %v in a batch: %d", mine, needed, a.code())
				}
			}
			fault := strings.Contains(string(r.XML(ctx, []byte(`<methodCall><methodName>`+needed.String()+`</methodName></methodCall>`))), "-32001")
			if fault != (want != 0) {
				t.Errorf("%v calls %v as XML: fault %v", mine, needed, fault)
			}
			if mine >= rpc.Read {
				a := read(t, r.JSON(ctx, []byte(`{"jsonrpc":"2.0","method":"system.multicall","params":[[{"methodName":"`+needed.String()+`"}]],"id":1}`)))
				if strings.Contains(string(a.Result), "-32001") != (want != 0) {
					t.Errorf("%v calls %v in a multicall: %s", mine, needed, a.Result)
				}
				calls *= 4
			} else {
				calls *= 3
			}
			if ran != calls {
				t.Errorf("%v calls %v: it ran %d times, not %d", mine, needed, ran, calls)
			}
			if _, err := r.Open(ctx, needed.String()+".follow", nil); (err != nil) != (want != 0) || err != nil && err.Code != want {
				t.Errorf("%v follows %v: %v", mine, needed, err)
			}
		}
	}
	got := read(t, r.JSON(rpc.WithCaller(t.Context(), rpc.Caller{Name: "uid 1000", Role: rpc.Read}), []byte(`{"jsonrpc":"2.0","method":"admin","id":1}`)))
	if got.message() != "not allowed: admin needs the role admin, yours is read (uid 1000)" {
		t.Error(got.message())
	}
	if got := read(t, r.JSON(t.Context(), []byte(`{"jsonrpc":"2.0","method":"system.listMethods","id":1}`))); got.code() != rpc.CodeRole {
		t.Errorf("a caller without a role sees the methods: %s", got.Result)
	}
}

type deed struct{ Name, Password string }

// secret is a method with a password.
func secret(name string, tell func(any) string) rpc.Method {
	m := rpc.Typed(name, "", rpc.Operate, func(context.Context, deed) (int, error) { return 1, nil })
	m.Secret, m.Tell = true, tell
	return m
}

// Every change and every refusal is a record; looking is not recorded.
func TestAudit(t *testing.T) {
	var records []rpc.Record
	r := newRegistry(t, rpc.Options{Audit: func(rec rpc.Record) { records = append(records, rec) }},
		rpc.Typed("look", "", rpc.Read, func(context.Context, none) (int, error) { return 1, nil }),
		rpc.Typed("change", "", rpc.Operate, func(_ context.Context, s string) (int, error) {
			if s == "no" {
				return 0, errors.New("will not")
			}
			return 1, nil
		}),
		rpc.Typed("stop", "", rpc.Admin, func(context.Context, none) (int, error) { return 1, nil }),
		secret("login", nil), secret("call", func(in any) string { return in.(deed).Name }),
		rpc.Streamed("pour", "", rpc.Operate, func(context.Context, none, func(int) error) error { return errors.New("dry") }),
	)
	me := rpc.Caller{Name: "uid 1000 pid 7", Role: rpc.Operate, Via: "unix:///x"}
	ctx := rpc.WithCaller(t.Context(), me)
	before := time.Now()
	for _, request := range []string{
		`{"jsonrpc":"2.0","method":"look","id":1}`,
		`{"jsonrpc":"2.0","method":"change","params":["x` + strings.Repeat("ä", 2000) + `"],"id":1}`,
		`{"jsonrpc":"2.0","method":"change","params":["no"]}`,
		`{"jsonrpc":"2.0","method":"stop","id":1}`,
		`{"jsonrpc":"2.0","method":"change","params":[1],"id":1}`,
		`{"jsonrpc":"2.0","method":"missing","id":1}`,
		`{"jsonrpc":"2.0","method":"login","params":["x","hunter2"],"id":1}`,
		`{"jsonrpc":"2.0","method":"call","params":["x","hunter2"],"id":1}`,
	} {
		r.JSON(ctx, []byte(request))
	}
	reader := rpc.WithCaller(t.Context(), rpc.Caller{Role: rpc.Read})
	r.JSON(reader, []byte(`{"jsonrpc":"2.0","method":"call","params":["x","hunter2"],"id":1}`))
	r.XML(ctx, []byte(`<methodCall><methodName>stop</methodName></methodCall>`))
	run, err := r.Open(ctx, "pour", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(func([]byte) error { return nil }); err == nil {
		t.Error("the stream's error is lost")
	}
	want := []rpc.Record{
		{Method: "change", Changes: true},
		{Method: "change", Changes: true, Code: -32500, Message: "will not"},
		{Method: "stop", Changes: true, Refused: true, Code: -32001},
		{Method: "login", Changes: true, Params: []byte("…")},
		{Method: "call", Changes: true, Params: []byte("x")},
		{Method: "call", Changes: true, Params: []byte("…"), Refused: true, Code: -32001, Caller: rpc.Caller{Role: rpc.Read}},
		{Method: "stop", Changes: true, Refused: true, Code: -32001},
		{Method: "pour", Changes: true, Code: -32500, Message: "dry"},
	}
	if len(records) != len(want) {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, rec := range records {
		w := want[i]
		if w.Caller.Role == rpc.None {
			w.Caller = me
		}
		if w.Caller.Protocol = "json"; i == 6 {
			w.Caller.Protocol = "xml"
		}
		if w.Params != nil && string(rec.Params) != string(w.Params) {
			t.Errorf("the parameters of %s are told as %s", rec.Method, rec.Params)
		}
		if rec.Method != w.Method || rec.Changes != w.Changes || rec.Refused != w.Refused || rec.Code != w.Code || w.Message != "" && rec.Message != w.Message ||
			rec.Caller != w.Caller || rec.Time.Before(before) || rec.Took < 0 {
			t.Errorf("%d: %+v, want %+v", i, rec, w)
		}
	}
	if p := records[0].Params; len(p) < 1000 || len(p) > 1024 || !utf8.Valid(p) || !strings.HasPrefix(string(p), `["xää`) {
		t.Errorf("the parameters are cut to %d bytes: %.20q…%q", len(p), p, p[max(0, len(p)-10):])
	}
	if p := string(records[1].Params); p != `["no"]` {
		t.Error(p)
	}
}
