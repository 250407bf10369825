package rpc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// An id comes back byte for byte.
func TestIDs(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	for _, id := range []string{
		`1`, `0`, `-0`, `-7`, `1.50`, `1e400`, `123456789012345678901234567890`, `0.1e-2`, `""`, `"x"`, `"1"`, `null`,
		`"\u00e4\n\ud83d\ude00"`, `"ä\"\\/\/"`, `"` + strings.Repeat("i", 100000) + `"`,
	} {
		got := string(r.JSON(t.Context(), []byte(`{"jsonrpc":"2.0","method":"nothing","id":`+id+`}`)))
		if want := `{"jsonrpc":"2.0","result":true,"id":` + id + `}`; got != want {
			t.Errorf("%.40s: %.100s", id, got)
		}
		got = string(r.JSON(t.Context(), []byte(`{"jsonrpc":"2.0","method":"missing","id":`+id+`}`)))
		if want := `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":` + id + `}`; got != want {
			t.Errorf("%.40s: %.100s", id, got)
		}
	}
	for _, id := range []string{`true`, `false`, `[1]`, `{}`} {
		got := string(r.JSON(t.Context(), []byte(`{"jsonrpc":"2.0","method":"nothing","id":`+id+`}`)))
		if want := `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: the id is a string, a number or null"},"id":null}`; got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// What is no request is refused, with a reason where the specification's
// examples have none.
func TestStrictness(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	for _, c := range []struct {
		request string
		code    int
		message string
		id      string
	}{
		{`{"jsonrpc":"2.0","Method":"nothing","id":1}`, -32600, `Invalid Request: there is no member "Method": it has jsonrpc, method, params and id`, `1`},
		{`{"jsonrpc":"2.0","method":"nothing","ID":1}`, -32600, `Invalid Request: there is no member "ID": it has jsonrpc, method, params and id`, `null`},
		{`{"JSONRPC":"2.0","method":"nothing","id":1}`, -32600, `Invalid Request: there is no member "JSONRPC": it has jsonrpc, method, params and id`, `1`},
		{`{"jsonrpc":"2.0","method":"nothing","id":1,"x":0,"y":0,"z":0}`, -32600, `Invalid Request: there is no member "x": it has jsonrpc, method, params and id`, `1`},
		{`{"jsonrpc":"2.0","method":"nothing","id":1,"id":1}`, -32700, `Parse error: at /id: the member "id" appears twice`, `null`},
		{`{"jsonrpc":"2.0","method":"echo","params":[{"a":1,"\u0061":2}],"id":1}`, -32700, `Parse error: at /params/0/a: the member "a" appears twice`, `null`},
		{`{"jsonrpc":"2.0","method":"nothing","id":1} x`, -32700, `Parse error`, `null`},
		{`{"jsonrpc":"2.0","method":"nothing","id":1}{}`, -32700, `Parse error`, `null`},
		{`[] []`, -32700, `Parse error`, `null`},
		{``, -32700, `Parse error`, `null`},
		{` `, -32700, `Parse error`, `null`},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\",\"id\":1}", -32700, `Parse error`, `null`},
		{"\ufeff{}", -32700, `Parse error`, `null`},
		{`{}`, -32600, `Invalid Request`, `null`},
		{`1`, -32600, `Invalid Request`, `null`},
		{`"nothing"`, -32600, `Invalid Request`, `null`},
		{`null`, -32600, `Invalid Request`, `null`},
		{`{"jsonrpc":"2.0","id":1}`, -32600, `Invalid Request: the member "method" is missing`, `1`},
		{`{"method":"nothing","id":1}`, -32600, `Invalid Request: the member "jsonrpc" must be "2.0"`, `1`},
		{`{"jsonrpc":2.0,"method":"nothing","id":1}`, -32600, `Invalid Request: the member "jsonrpc" must be "2.0"`, `1`},
		{`{"jsonrpc":"1.0","method":"nothing","id":1}`, -32600, `Invalid Request: the member "jsonrpc" must be "2.0"`, `1`},
		{`{"jsonrpc":"2.0","method":null,"id":1}`, -32600, `Invalid Request`, `1`},
		{`{"jsonrpc":"2.0","method":"nothing","params":null,"id":1}`, -32600, `Invalid Request: params are an object or a list`, `1`},
		{`{"jsonrpc":"2.0","method":"nothing","params":"x","id":1}`, -32600, `Invalid Request: params are an object or a list`, `1`},
		{`{"jsonrpc":"2.0","method":"Nothing","id":1}`, -32601, `Method not found`, `1`},
		{`{"jsonrpc":"2.0","method":"","id":1}`, -32601, `Method not found`, `1`},
	} {
		a := read(t, r.JSON(t.Context(), []byte(c.request)))
		if a.code() != c.code || a.message() != c.message || string(a.ID) != c.id {
			t.Errorf("%s\ngot  %d %q, id %s\nwant %d %q, id %s", c.request, a.code(), a.message(), a.ID, c.code, c.message, c.id)
		}
	}
	escaped := `{"jso\u006erpc":"2.0","\u006dethod":"not\u0068ing","id":1}` // the same names, written otherwise
	if got := string(r.JSON(t.Context(), []byte(" \n"+escaped+"\t"))); got != `{"jsonrpc":"2.0","result":true,"id":1}` {
		t.Errorf("%s: %s", escaped, got)
	}
}

// A notification has no answer, whatever becomes of it.
func TestNotifications(t *testing.T) {
	ran := 0
	r := newRegistry(t, rpc.Options{}, rpc.Typed("count", "", rpc.None, func(context.Context, none) (int, error) { ran++; return ran, nil }))
	for _, request := range []string{
		`{"jsonrpc":"2.0","method":"count"}`,
		`[{"jsonrpc":"2.0","method":"count"},{"jsonrpc":"2.0","method":"count","params":[]}]`,
		`{"jsonrpc":"2.0","method":"fail"}`,
		`{"jsonrpc":"2.0","method":"panic"}`,
		`{"jsonrpc":"2.0","method":"days","params":["x"]}`,
		`{"jsonrpc":"2.0","method":"missing"}`,
	} {
		if got := r.JSON(t.Context(), []byte(request)); got != nil {
			t.Errorf("%s: %s", request, got)
		}
	}
	if ran != 3 {
		t.Errorf("count ran %d times, not 3", ran)
	}
}

// The requests of a batch run in order; those that are left when nobody waits
// any more do not run.
func TestBatch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var order []int
	r := newRegistry(t, rpc.Options{}, rpc.Typed("step", "", rpc.None, func(_ context.Context, n int) (int, error) {
		order = append(order, n)
		if n == 3 {
			cancel()
		}
		return n, nil
	}))
	step := func(n string) string { return `{"jsonrpc":"2.0","method":"step","params":[` + n + `],"id":` + n + `}` }
	got := string(r.JSON(ctx, []byte("["+step("1")+","+step("2")+","+step("3")+","+step("4")+"]")))
	want := `[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","result":2,"id":2},{"jsonrpc":"2.0","result":3,"id":3},` +
		`{"jsonrpc":"2.0","error":{"code":-32400,"message":"not run: context canceled"},"id":4}]`
	if got != want || len(order) != 3 {
		t.Errorf("%v: %s", order, got)
	}
}

func TestErrorDocuments(t *testing.T) {
	got := string(rpc.JSONError(rpc.CodeTransport, "a \"bad\" line"))
	if got != `{"jsonrpc":"2.0","error":{"code":-32300,"message":"a \"bad\" line"},"id":null}` {
		t.Error(got)
	}
	if got := string(rpc.XMLFault(rpc.CodeTransport, "<bad>")); !strings.Contains(got, "-32300") || !strings.Contains(got, "&lt;bad&gt;") {
		t.Error(got)
	}
}
