package xmlrpc_test

import (
	"math/rand/v2"
	"testing"

	"github.com/legion-go/legion/internal/xmlrpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

func BenchmarkStatus(b *testing.B) {
	m := maker{rand.New(rand.NewPCG(1, 2))}
	list := make([]any, 100)
	for i := range list {
		list[i] = m.parts(1)
	}
	doc, err := xmltest.Call("a.b", list...)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xmltest.Call("a.b", list...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := xmlrpc.ParseCall(doc, "", xmlrpc.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
