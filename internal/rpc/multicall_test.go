package rpc_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

func TestMulticall(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	a := call(t, r, "system.multicall", `[[
		{"methodName":"subtract","params":[5,3]},
		{"methodName":"subtract","params":{"minuend":1,"subtrahend":2}},
		{"methodName":"nothing"},
		{"methodName":"echo","params":[{"z":1e400,"a":[]}]},
		{"methodName":"fail","params":[]},
		{"methodName":"panic","params":[]},
		{"methodName":"missing","params":[]},
		{"methodName":"subtract","params":[1]},
		{"methodName":"system.multicall","params":[[{"methodName":"nothing"}]]},
		{"methodName":"rpc.cancel","params":[1]},
		{"methodName":"nothing","params":null},
		{"methodName":1},
		{"params":[]},
		{"methodName":"nothing","extra":1},
		"nothing"
	]]`)
	want := `[[2],[-1],[true],[{"z":1e400,"a":[]}],` +
		`{"faultCode":-32500,"faultString":"out of luck"},` +
		`{"faultCode":-32603,"faultString":"Internal error: panic panicked: at the disco"},` +
		`{"faultCode":-32601,"faultString":"Method not found"},` +
		`{"faultCode":-32602,"faultString":"Invalid params: parameter \"subtrahend\" is missing: expected an integer"},` +
		`{"faultCode":-31001,"faultString":"Recursive system.multicall forbidden"},` +
		`{"faultCode":-32601,"faultString":"Method not found: rpc.cancel exists only on connections of the line protocol"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: params are a list"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: methodName is a string"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: methodName is missing"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: there is no member extra"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: this is not one"}]`
	if string(a.Result) != want {
		t.Errorf("got  %s %s\nwant %s", a.Result, a.message(), want)
	}
	if a := call(t, r, "system.multicall", `[[]]`); string(a.Result) != `[]` {
		t.Errorf("%s %s", a.Result, a.message())
	}
	if a := call(t, r, "system.multicall", `["x"]`); a.code() != rpc.CodeMulticall {
		t.Errorf("%s %s", a.Result, a.message())
	}
}

// once is a result that may be encoded only once.
type once struct{ n *int }

func (o once) MarshalJSON() ([]byte, error) {
	*o.n++
	return []byte(`{"a":` + strconv.Itoa(*o.n) + `}`), nil
}

func TestMulticallEncodesOnce(t *testing.T) {
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("once", "", rpc.None, func(context.Context, none) (any, error) { return once{new(int)}, nil }),
		rpc.Typed("bad", "", rpc.None, func(context.Context, none) (any, error) { return []any{make(chan int)}, nil }),
		rpc.Typed("kinds", "", rpc.None, func(context.Context, none) (any, error) {
			return []any{1, 1.0, []byte("x"), time.Unix(0, 0).UTC(), time.Second, "<&>", nil}, nil
		}))
	entry := func(name string) map[string]any { return map[string]any{"methodName": name, "params": []any{}} }
	request, err := xmltest.Call("system.multicall", []any{entry("once"), entry("bad"), entry("kinds")})
	if err != nil {
		t.Fatal(err)
	}
	response := string(r.XML(admin(t), request))
	for _, want := range []string{
		`<name>a</name><value><int>1</int></value>`,
		`<name>faultCode</name><value><int>-32603</int></value>`,
		`<value><array><data><value><array><data><value><int>1</int></value><value><double>1</double></value><value><base64>eA==</base64></value>` +
			`<value><dateTime.iso8601>19700101T00:00:00</dateTime.iso8601></value><value><double>1</double></value><value><string>&lt;&amp;&gt;</string></value>` +
			`<value><nil/></value></data></array></value></data></array></value>`,
	} {
		if !strings.Contains(response, want) {
			t.Errorf("%s is not in %s", want, response)
		}
	}
	if a := call(t, r, "system.multicall", `[[{"methodName":"once"}]]`); string(a.Result) != `[[{"a":1}]]` {
		t.Errorf("%s %s", a.Result, a.message())
	}
}

// The same as XML-RPC, where results keep their types.
func TestMulticallXML(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	entry := func(name string, params ...any) map[string]any {
		return map[string]any{"methodName": name, "params": append([]any{}, params...)}
	}
	request, err := xmltest.Call("system.multicall", []any{
		entry("subtract", 5, 3), entry("subtract", map[string]int{"minuend": 1, "subtrahend": 2}), entry("fail"), entry("missing"),
		entry("system.multicall", []any{}), "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := xmltest.Response(r.XML(admin(t), request))
	want := `[[2],[-1],{"faultCode":-32500,"faultString":"out of luck"},{"faultCode":-32601,"faultString":"Method not found"},` +
		`{"faultCode":-31001,"faultString":"Recursive system.multicall forbidden"},` +
		`{"faultCode":-31000,"faultString":"a call in system.multicall is a struct with methodName and params: this is not one"}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s %v\nwant %s", got, err, want)
	}
}
