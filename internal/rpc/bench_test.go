package rpc_test

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// What a small request costs.
func BenchmarkJSON(b *testing.B) {
	benchmarkJSON(b, `{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":1}`)
}

// What each byte of a large one costs.
func BenchmarkLargeJSON(b *testing.B) {
	benchmarkJSON(b, `{"jsonrpc":"2.0","method":"shape","params":{"name":"x","sides":3,"inner":{"a":[`+
		strings.Repeat(`{"X":1.5,"Y":2},`, 4000)+`{"X":1,"Y":2}]}},"id":1}`)
}

// What a batch costs.
func BenchmarkBatch(b *testing.B) {
	benchmarkJSON(b, `[`+strings.Repeat(`{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1},`, 49)+
		`{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}]`)
}

func benchmarkJSON(b *testing.B, text string) {
	r := newRegistry(b, rpc.Options{})
	request := []byte(text)
	b.SetBytes(int64(len(request)))
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
