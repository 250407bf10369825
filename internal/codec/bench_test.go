package codec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/codec"
)

type item struct {
	Name  string
	Qty   int64
	Price float64
}

// record is the typical struct of ten fields.
type record struct {
	ID     int64
	Name   string
	Blob   []byte
	Labels map[string]string
	At     time.Time
	Items  []item
	Score  float64
	Active bool
	Flags  uint32
	Nums   []int64
}

func sample() *record {
	blob := make([]byte, 128)
	for i := range blob {
		blob[i] = byte(i * 7)
	}
	return &record{
		ID: 123456789, Name: "worker-supervisor request", Blob: blob,
		Labels: map[string]string{"tenant": "acme", "region": "eu-west-1", "kind": "invoice", "trace": "9f8e7d6c5b4a"},
		At:     time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.UTC),
		Items:  []item{{"alpha", 3, 9.5}, {"bravo", 14, 1.25}, {"charlie", 159, 2.75}, {"delta", 2653, 0.125}},
		Score:  0.987654321, Active: true, Flags: 0xdeadbeef,
		Nums: []int64{1, -2, 300, -40000, 5000000, -600000000, 70000000000, 8},
	}
}

func BenchmarkRecord(b *testing.B) {
	c := mustFor[record](b)
	v := sample()
	enc, err := c.Append(nil, v)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode/codec", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 4096)
		for b.Loop() {
			if _, err := c.Append(buf, v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(enc)), "bytes")
	})
	b.Run("decode/codec", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r record
			if err := c.Decode(enc, &r); err != nil {
				b.Fatal(err)
			}
		}
	})

	js, _ := json.Marshal(v)
	b.Run("encode/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(js)), "bytes")
	})
	b.Run("decode/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r record
			if err := json.Unmarshal(js, &r); err != nil {
				b.Fatal(err)
			}
		}
	})

	// gob with a new encoder per value: with one stream per worker, both ends would
	// have to be kept in step.
	var gb bytes.Buffer
	gob.NewEncoder(&gb).Encode(v)
	b.Run("encode/gob", func(b *testing.B) {
		b.ReportAllocs()
		var w bytes.Buffer
		for b.Loop() {
			w.Reset()
			if err := gob.NewEncoder(&w).Encode(v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(gb.Len()), "bytes")
	})
	b.Run("decode/gob", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r record
			if err := gob.NewDecoder(bytes.NewReader(gb.Bytes())).Decode(&r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSlices(b *testing.B) {
	floats := make([]float32, 4096)
	cf := mustFor[[]float32](b)
	b.Run("encode/float32x4096", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 1<<16)
		for b.Loop() {
			cf.Append(buf, &floats)
		}
	})
	m := map[int]item{}
	for i := range 64 {
		m[i] = item{"name", int64(i), 1}
	}
	cm := mustFor[map[int]item](b)
	enc, _ := cm.Append(nil, &m)
	b.Run("encode/map64", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 1<<16)
		for b.Loop() {
			cm.Append(buf, &m)
		}
	})
	b.Run("decode/map64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got map[int]item
			cm.Decode(enc, &got)
		}
	})
}

func mustFor[T any](t testing.TB) *codec.Codec[T] {
	t.Helper()
	c, err := codec.For[T]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
