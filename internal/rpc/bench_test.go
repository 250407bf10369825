package rpc_test

import (
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// What a small request costs.
func BenchmarkJSON(b *testing.B) {
	r := newRegistry(b, rpc.Options{})
	request := []byte(`{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":1}`)
	b.ReportAllocs()
	for b.Loop() {
		r.JSON(b.Context(), request)
	}
}

func BenchmarkXML(b *testing.B) {
	r := newRegistry(b, rpc.Options{})
	request := []byte(`<?xml version="1.0"?><methodCall><methodName>subtract</methodName><params>` +
		`<param><value><int>42</int></value></param><param><value><int>23</int></value></param></params></methodCall>`)
	b.ReportAllocs()
	for b.Loop() {
		r.XML(b.Context(), request)
	}
}
