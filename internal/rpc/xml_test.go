package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

// xmlCall calls a method by XML-RPC. The result is JSON.
func xmlCall(t *testing.T, r *rpc.Registry, method string, params ...any) (string, error) {
	request, err := xmltest.Call(method, params...)
	if err != nil {
		t.Fatal(err)
	}
	result, err := xmltest.Response(r.XML(admin(t), request))
	return string(result), err
}

func TestXML(t *testing.T) {
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("when", "", rpc.None, func(_ context.Context, at time.Time) (time.Time, error) { return at.Add(time.Hour), nil }),
		rpc.Typed("bytes", "", rpc.None, func(_ context.Context, b []byte) ([]byte, error) { return append(b, 0), nil }),
		rpc.Typed("wait", "", rpc.None, func(_ context.Context, d time.Duration) (time.Duration, error) { return 2 * d, nil }),
	)
	for _, c := range []struct {
		method string
		params []any
		want   string
	}{
		{"subtract", []any{5, 3}, `2`},
		{"subtract", []any{map[string]int{"subtrahend": 5, "minuend": 3}}, `-2`},
		{"nothing", nil, `true`},
		{"days", []any{30}, `30`},
		{"shape", []any{"box", 4, nil, "t"}, `{"name":"box","sides":4,"tag":"t"}`},
		{"any", []any{map[string]int{"a": 1}}, `{"a":1}`},
		{"when", []any{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, `"2026-01-02T04:04:05Z"`},
		{"bytes", []any{[]byte{1, 2}}, `"AQIA"`},
		{"any", []any{1.0}, `1.0`},
		{"any", []any{[]any{7, -7.0, int64(9007199254740993), 1e20}}, `[7,-7.0,9007199254740993,100000000000000000000.0]`},
		{"wait", []any{1500 * time.Millisecond}, `3.0`},
		{"wait", []any{"1m"}, `120.0`},
	} {
		got, err := xmlCall(t, r, c.method, c.params...)
		if err != nil || got != c.want {
			t.Errorf("%s %v: %s, %v; want %s", c.method, c.params, got, err, c.want)
		}
	}
}

func TestXMLFaults(t *testing.T) {
	r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Request: 2000, Result: 1000, Depth: 5}},
		rpc.Typed("text", "", rpc.None, func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil }),
		rpc.Typed("bad", "", rpc.None, func(context.Context, none) (any, error) { return bad{}, nil }),
		rpc.Streamed("pour", "", rpc.None, func(context.Context, none, func(int) error) error { return nil }))
	for _, c := range []struct {
		method string
		params []any
		code   int
		want   string
	}{
		{"missing", nil, -32601, "Method not found: missing"},
		{"subtract", []any{1}, -32602, `Invalid params: parameter "subtrahend" is missing: expected an integer`},
		{"subtract", []any{1, 2.0}, -32602, `Invalid params: parameter "subtrahend": expected an integer, got 2.0`},
		{"subtract", []any{1, "2"}, -32602, `Invalid params: parameter "subtrahend": expected an integer, got a string`},
		{"subtract", []any{map[string]int{"x": 1}}, -32602, `Invalid params: there is no parameter "x": subtract takes minuend, subtrahend`},
		{"fail", nil, -32500, "out of luck"},
		{"panic", nil, -32603, "Internal error: panic panicked: at the disco"},
		{"bad", nil, -32603, "Internal error: bad panicked: cannot be written"},
		{"text", []any{1000}, -32400, "1000 can be sent: ask for less"},
		{"pour", nil, -32600, "Invalid Request: pour is a stream: call it on a connection of the line protocol, or GET /stream/pour"},
		{"rpc.auth", []any{"x"}, -32601, "Method not found: rpc.auth exists only on connections of the line protocol"},
		{"any", []any{strings.Repeat("x", 2000)}, -32400, "2000"},
	} {
		result, err := xmlCall(t, r, c.method, c.params...)
		f, ok := errors.AsType[*xmltest.Fault](err)
		if !ok || f.Code != c.code || !strings.Contains(f.Message, c.want) {
			t.Errorf("%s: %s %v; want %d %s", c.method, result, err, c.code, c.want)
		}
	}
	for request, code := range map[string]int{
		"":             -32700,
		"<methodCall>": -32700,
		"<other/>":     -32600,
		`<!DOCTYPE x [<!ENTITY a "a">]><methodCall><methodName>&a;</methodName></methodCall>`:                      0,
		`<?xml version="1.0" encoding="EBCDIC"?><methodCall><methodName>nothing</methodName></methodCall>`:         -32701,
		"<methodCall><methodName>any</methodName><params><param><value>\xff</value></param></params></methodCall>": -32702,
		"<methodCall><methodName>nothing</methodName></methodCall>x":                                               -32700,
		"<methodCall><methodName>nothing</methodName></methodCall><x/>":                                            -32700,
		"<methodCall><methodName/></methodCall>":                                                                   -32601,
		"<methodCall><methodName>no thing</methodName></methodCall>":                                               -32601,
		"<methodCall><methodName>" + strings.Repeat("ä", 500) + "</methodName></methodCall>":                       -32601,
		"<methodCall><methodName>any</methodName><params><param>" + strings.Repeat("<value><array><data>", 6):      -32400,
	} {
		_, err := xmltest.Response(r.XML(admin(t), []byte(request)))
		f, ok := errors.AsType[*xmltest.Fault](err)
		if !ok || code != 0 && f.Code != code {
			t.Errorf("%q: %v; want a fault %d", request, err, code)
		}
	}
}

// XML may be as deep as JSON.
func TestDepthXML(t *testing.T) {
	r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Depth: 10, Values: 9}})
	for depth, want := range map[int]int{8: 0, 9: rpc.CodeSystem} { // the request and its params are two
		value := strings.Repeat("<value><array><data>", depth) + strings.Repeat("</data></array></value>", depth)
		_, err := xmltest.Response(r.XML(admin(t), []byte(`<methodCall><methodName>any</methodName><params><param>`+value+`</param></params></methodCall>`)))
		f, _ := errors.AsType[*xmltest.Fault](err)
		if want == 0 && err != nil || want != 0 && (f == nil || f.Code != want || !strings.Contains(f.Message, "nested deeper than 10 values")) {
			t.Errorf("%d: %v, want %d", depth, err, want)
		}
	}
	for values, ok := range map[int]bool{8: true, 9: false} { // the list is one
		if _, err := xmlCall(t, r, "any", make([]bool, values)); (err == nil) != ok {
			t.Errorf("%d values: %v", values, err)
		}
	}
}

// The charset of HTTP counts more than the declaration.
func TestXMLCharset(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	request := []byte("<?xml version='1.0' encoding='utf-8'?><methodCall><methodName>any</methodName><params><param><value>gr\xfcn</value></param></params></methodCall>")
	if got, err := xmltest.Response(r.XMLCharset(t.Context(), request, "ISO-8859-1")); err != nil || string(got) != `"grün"` {
		t.Errorf("%s, %v", got, err)
	}
	for charset, code := range map[string]int{"": rpc.CodeCharacter, "utf-8": rpc.CodeCharacter, "koi8-r": rpc.CodeEncoding} {
		_, err := xmltest.Response(r.XMLCharset(t.Context(), request, charset))
		if f, ok := errors.AsType[*xmltest.Fault](err); !ok || f.Code != code {
			t.Errorf("%q: %v, want %d", charset, err, code)
		}
	}
}

// A struct alone is one of names; who means it as the parameter is told so.
func TestStructAlone(t *testing.T) {
	type filter struct {
		Where map[string]string `json:"where"`
		Limit int               `json:"limit,omitzero"`
	}
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("find", "", rpc.None, func(_ context.Context, f filter) (any, error) { return f.Where, nil }))
	for _, c := range []struct {
		params []any
		want   string
	}{
		{[]any{map[string]any{"where": map[string]string{"a": "b"}}}, `{"a":"b"}`},
		{[]any{map[string]string{"a": "b"}, 1}, `{"a":"b"}`},
		{[]any{map[string]string{"a": "b"}}, `Invalid params: there is no parameter "a": find takes where, limit (optional); ` +
			`a struct alone gives the parameters by name: to send one as "where", put it into another, as its member "where" (fault -32602)`},
	} {
		got, err := xmlCall(t, r, "find", c.params...)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.params, got, c.want)
		}
	}
}
