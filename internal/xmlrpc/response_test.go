package xmlrpc_test

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/xmlrpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

type inner struct {
	Sum   float64 `json:"sum"`
	Bytes []byte  `json:"bytes,omitempty"`
}

type celsius float64

type shout string

func (s shout) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(s))), nil }

type small byte

type hidden []byte

func (h hidden) MarshalText() ([]byte, error) { return []byte("hidden"), nil }

// How Go values are written.
func TestEncodeResponse(t *testing.T) {
	one, at := 1.0, time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.FixedZone("", 3600))
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "<nil/>"},
		{(*int)(nil), "<nil/>"},
		{true, "<boolean>1</boolean>"},
		{false, "<boolean>0</boolean>"},
		{1, "<int>1</int>"},
		{math.MaxInt32, "<int>2147483647</int>"},
		{math.MinInt32, "<int>-2147483648</int>"},
		{math.MaxInt32 + 1, "<i8>2147483648</i8>"},
		{math.MinInt32 - 1, "<i8>-2147483649</i8>"},
		{int64(math.MinInt64), "<i8>-9223372036854775808</i8>"},
		{uint64(math.MaxInt64), "<i8>9223372036854775807</i8>"},
		{uint8(255), "<int>255</int>"},
		{1.0, "<double>1</double>"},
		{1.5, "<double>1.5</double>"},
		{float32(0.1), "<double>0.1</double>"},
		{celsius(-3), "<double>-3</double>"},
		{math.Copysign(0, -1), "<double>-0</double>"},
		{1e22, "<double>10000000000000000000000</double>"},
		{1e-7, "<double>0.0000001</double>"},
		{&one, "<double>1</double>"},
		{90 * time.Second, "<double>90</double>"},
		{1500 * time.Millisecond, "<double>1.5</double>"},
		{[]time.Duration{time.Second, 1}, "<array><data><value><double>1</double></value><value><double>0.000000001</double></value></data></array>"},
		{at, "<dateTime.iso8601>20260304T04:06:07</dateTime.iso8601>"},
		{&at, "<dateTime.iso8601>20260304T04:06:07</dateTime.iso8601>"},
		{struct{ time.Time }{at}, "<string>2026-03-04T05:06:07.891234567+01:00</string>"}, // it writes its own JSON
		{[]byte("abc"), "<base64>YWJj</base64>"},
		{[]byte(nil), "<base64></base64>"},
		{[3]byte{1, 2, 3}, "<base64>AQID</base64>"},
		{[]small{1, 2}, "<array><data><value><int>1</int></value><value><int>2</int></value></data></array>"},
		{hidden("x"), "<string>hidden</string>"},
		{"YWJj", "<string>YWJj</string>"},
		{"", "<string></string>"},
		{" <&>\"'\t\n\r ", "<string> &lt;&amp;&gt;\"'\t\n&#13; </string>"},
		{"a\x00\x1b[31m\x7f\ufffe\uffffb", "<string>a��[31m\x7f��b</string>"},
		{"a\xffb", "<string>a�b</string>"},
		{shout("abc"), "<string>ABC</string>"},
		{netip.MustParseAddr("::1"), "<string>::1</string>"},
		{raw(`[1, 1.0, 1e2, -0, "a", null, {"b": true}]`), "<array><data><value><int>1</int></value><value><double>1</double></value>" +
			"<value><double>100</double></value><value><double>-0</double></value><value><string>a</string></value><value><nil/></value>" +
			"<value><struct><member><name>b</name><value><boolean>1</boolean></value></member></struct></value></data></array>"},
		{[]int(nil), "<array><data></data></array>"},
		{[]any{1, nil, "x"}, "<array><data><value><int>1</int></value><value><nil/></value><value><string>x</string></value></data></array>"},
		{map[string]int(nil), "<struct></struct>"},
		{map[string]any{"b": 2.0, "a": []byte{0}}, "<struct><member><name>a</name><value><base64>AA==</base64></value></member>" +
			"<member><name>b</name><value><double>2</double></value></member></struct>"},
		{map[time.Duration]float64{1500 * time.Millisecond: 1, -1e10: 2}, "<struct><member><name>-10</name><value><double>2</double></value></member>" +
			"<member><name>1.5</name><value><double>1</double></value></member></struct>"},
		{map[float64]string{1: "YQ=="}, "<struct><member><name>1</name><value><string>YQ==</string></value></member></struct>"},
		{map[time.Time][]byte{time.Unix(0, 0).UTC(): {1}}, "<struct><member><name>1970-01-01T00:00:00Z</name><value><base64>AQ==</base64></value></member></struct>"},
		{map[int]bool{5: true}, "<struct><member><name>5</name><value><boolean>1</boolean></value></member></struct>"},
		{struct {
			inner
			A      int `json:"a"`
			Skip   int `json:"-"`
			Zero   int `json:"zero,omitzero"`
			Quoted int `json:"quoted,string"`
			lower  int
		}{A: 1, Quoted: 2, inner: inner{Sum: 3}}, "<struct><member><name>sum</name><value><double>3</double></value></member>" +
			"<member><name>a</name><value><int>1</int></value></member><member><name>quoted</name><value><string>2</string></value></member></struct>"},
		// The encoder writes and then removes the empty member; the string that takes
		// its place is not base64.
		{struct {
			A []byte `json:"a,omitempty"`
			B string `json:"b"`
		}{B: "YWJj"}, "<struct><member><name>b</name><value><string>YWJj</string></value></member></struct>"},
		{struct {
			A []byte `json:"a,omitempty"`
			B raw    `json:"b"`
		}{B: `"YWJj"`}, "<struct><member><name>b</name><value><string>YWJj</string></value></member></struct>"},
	} {
		doc, err := xmlrpc.EncodeResponse(c.v)
		want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<methodResponse><params><param><value>" + c.want + "</value></param></params></methodResponse>\n"
		if err != nil || string(doc) != want {
			t.Errorf("%#v is written as\n%s, %v\nwant\n%s", c.v, doc, err, want)
		}
	}
}

// A value encoded earlier is written as if it were encoded in place.
func TestEncodeValue(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, v := range []any{
		nil, 1, 1.0, "a<\r&\"\\]]>ä", []byte{1, 2}, at, time.Second, []any{}, map[string]any{"b": []int{1}, "a": at}, jsontext.Value(`{"x":1.0}`),
	} {
		ready, err := xmlrpc.EncodeValue(v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := xmlrpc.EncodeResponse([]any{"x", []any{v}, map[string]any{"m": v}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := xmlrpc.EncodeResponse([]any{"x", []any{ready}, map[string]any{"m": ready}})
		if err != nil || string(got) != string(want) {
			t.Errorf("%#v: %s, %v\nwant %s", v, got, err, want)
		}
		again, err := xmlrpc.EncodeValue(ready)
		if err != nil || string(again) != string(ready) {
			t.Errorf("%#v: %s, %v; want %s", v, again, err, ready)
		}
	}
	if ready, err := xmlrpc.EncodeValue(math.NaN()); err == nil {
		t.Errorf("NaN is written as %s", ready)
	}
}

func TestEncodeResponseRefuses(t *testing.T) {
	type node struct{ Next *node }
	cycle := &node{}
	cycle.Next = cycle
	for says, v := range map[string]any{
		"NaN":                 math.NaN(),
		"Inf":                 []float64{math.Inf(1)},
		"cycle":               cycle,
		"func":                func() {},
		"9223372036854775808": uint64(1) << 63,
		"empty":               raw(""),
		"year":                time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"years 0 to 9999":     time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -7200)),
	} {
		if doc, err := xmlrpc.EncodeResponse(v); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%T is written as %s, error %v; want an error with %q", v, doc, err, says)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, want := range []xmltest.Fault{
		{Code: -32601, Message: "no such method"}, {}, {Code: 4, Message: "<&>\r\n ä🐧"},
		{Code: math.MaxInt32, Message: "a"}, {Code: math.MinInt64, Message: "b"},
	} {
		doc := xmlrpc.EncodeFault(want.Code, want.Message)
		_, err := xmltest.Response(doc)
		var got *xmltest.Fault
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%+v is read back as %#v", want, err)
		}
	}
	_, err := xmltest.Response(xmlrpc.EncodeFault(1, "a\x00\xffb"))
	if want := "a��b (fault 1)"; err == nil || err.Error() != want {
		t.Errorf("a fault with odd characters is read back as %v, want %s", err, want)
	}
}
