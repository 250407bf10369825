package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

// Whatever is sent: no panic, and nothing or an answer on one line, which is
// JSON-RPC.
func FuzzJSON(f *testing.F) {
	for _, e := range []string{
		`{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}`, `{"jsonrpc":"2.0","method":"shape","params":{"name":"x","sides":3,"every":"1m"},"id":"a"}`,
		`[{"jsonrpc":"2.0","method":"any","params":[{"a":[1.5e3,null]}]},1]`, `{"jsonrpc":"2.0","method":"system.multicall","params":[[{"methodName":"echo","params":["x"]}]],"id":null}`,
		`{"jsonrpc":"2.0","method":"foobar, "params":"bar","baz]`, `[]`, `{"foo":"boo"}`, `{"jsonrpc":"2.0","method":"rpc.discover","id":1e400}`,
		`{"jsonrpc":"2.0","method":"count","params":[2],"id":1}`, `{"jsonrpc":"2.0","method":"rpc.cancel","params":[1],"id":1}`,
	} {
		f.Add([]byte(e))
	}
	count := rpc.Streamed("count", "", rpc.Read, func(_ context.Context, to uint8, send func(uint8) error) error {
		for i := range to {
			if err := send(i); err != nil {
				return err
			}
		}
		return nil
	})
	r := newRegistry(f, rpc.Options{Limits: rpc.Limits{Request: 64 << 10, Batch: 10, Streams: 2}}, count)
	f.Fuzz(func(t *testing.T, request []byte) {
		check := func(response []byte) {
			if response == nil {
				return
			}
			if bytes.ContainsAny(response, "\r\n") {
				t.Errorf("%q is answered on several lines: %q", request, response)
			}
			for one := range elementsOf(t, response) {
				read(t, one)
			}
		}
		check(r.JSON(admin(t), request))
		lines := make(chan []byte)
		s := r.NewSession(admin(t), func(line []byte) error { lines <- bytes.Clone(line); return nil })
		go func() {
			defer close(lines)
			if response := s.Handle(request); response != nil {
				lines <- response
			}
			s.Close()
		}()
		for line := range lines {
			check(line)
		}
	})
}

// Whatever is sent: no panic, and an answer that is XML-RPC, with a result that
// is JSON.
func FuzzXML(f *testing.F) {
	for _, c := range []struct {
		method string
		params []any
	}{
		{"subtract", []any{5, 3}}, {"shape", []any{map[string]any{"name": "x", "sides": 3}}}, {"any", []any{[]any{nil, 1.5, "ä", []byte{1}, true}}},
		{"system.multicall", []any{[]any{map[string]any{"methodName": "echo", "params": []any{"x"}}}}}, {"system.methodHelp", []any{"echo"}},
	} {
		request, err := xmltest.Call(c.method, c.params...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(request)
	}
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "aa">]><methodCall><methodName>&a;</methodName></methodCall>`))
	r := newRegistry(f, rpc.Options{Limits: rpc.Limits{Request: 64 << 10, Batch: 10}})
	f.Fuzz(func(t *testing.T, request []byte) {
		response := r.XML(admin(t), request)
		result, err := xmltest.Response(response)
		if _, fault := errors.AsType[*xmltest.Fault](err); err != nil && !fault {
			t.Errorf("%q is answered with %q: %v", request, response, err)
		}
		if err == nil && !json.Valid(result) {
			t.Errorf("%q is answered with %q, which is %q", request, response, result)
		}
	})
}
