package xmlrpc_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/xmlrpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

// parts is a struct with a field of every kind.
type parts struct {
	Bool     bool                 `json:"bool"`
	Int      int64                `json:"int"`
	Small    int8                 `json:"small,omitzero"`
	Float    float64              `json:"float"`
	Single   float32              `json:"single,omitzero"`
	Text     string               `json:"text,omitempty"`
	Blob     []byte               `json:"blob,omitempty"`
	Sum      [2]byte              `json:"sum"`
	After    string               `json:"after"`
	At       time.Time            `json:"at,omitzero"`
	For      time.Duration        `json:"for"`
	Any      any                  `json:"any"`
	Pointer  *parts               `json:"pointer,omitempty"`
	Floats   []float64            `json:"floats,omitempty"`
	Blobs    [][]byte             `json:"blobs"`
	Moments  map[string]time.Time `json:"moments,omitempty"`
	Children []parts              `json:"children,omitempty"`
	embedded
}

type embedded struct {
	Name   string         `json:"name,omitempty"`
	Labels map[string]any `json:"labels,omitempty"`
}

// maker makes random values.
type maker struct{ *rand.Rand }

func (m maker) text() string {
	alphabet := []rune("abc <>&'\"]\t\n\r\\/äß世🐧\u0085\u2028\ufffd\ufeff\U0010ffff\u007f")
	s := make([]rune, m.IntN(12))
	for i := range s {
		s[i] = alphabet[m.IntN(len(alphabet))]
	}
	return string(s)
}

func (m maker) blob() []byte {
	b := make([]byte, m.IntN(100))
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

func (m maker) integer() int64 { return int64(m.Uint64()) >> m.IntN(64) }

func (m maker) float() float64 {
	switch m.IntN(4) {
	case 0:
		return float64(m.IntN(100))
	case 1:
		return float64(m.IntN(100000)) / 1000
	}
	for {
		if f := math.Float64frombits(m.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
}

// moment returns a time in UTC, cut to the second: the protocol carries no
// more.
func (m maker) moment() time.Time {
	return time.Unix(m.Int64N(250_000_000_000)-60_000_000_000, 0).UTC()
}

func (m maker) labels(depth int) map[string]any {
	labels := map[string]any{}
	for range m.IntN(4) {
		labels[m.text()] = m.value(depth)
	}
	return labels
}

func (m maker) value(depth int) any {
	n := 14
	if depth <= 0 {
		n = 9
	}
	switch m.IntN(n) {
	case 0:
		return nil
	case 1:
		return m.IntN(2) == 0
	case 2:
		return m.integer()
	case 3:
		return int(m.integer() >> 33)
	case 4:
		return m.float()
	case 5:
		return m.text()
	case 6:
		return m.blob()
	case 7:
		return m.moment()
	case 8:
		return time.Duration(m.integer())
	case 9:
		p := m.parts(depth - 1)
		return &p
	case 10:
		return []parts{m.parts(depth - 1), m.parts(depth - 1)}
	case 11:
		return m.labels(depth - 1)
	default:
		list := make([]any, m.IntN(4))
		for i := range list {
			list[i] = m.value(depth - 1)
		}
		return list
	}
}

func (m maker) parts(depth int) (p parts) {
	p = parts{
		Bool: m.IntN(2) == 0, Int: m.integer(), Small: int8(m.Uint32()), Float: m.float(), Single: float32(m.IntN(1000)) / 8,
		Text: m.text(), Blob: m.blob(), Sum: [2]byte(m.blobOf(2)), After: m.text(), At: m.moment(), For: time.Duration(m.integer()),
		Any: m.value(depth - 1), Blobs: [][]byte{m.blob(), nil}, embedded: embedded{Name: m.text(), Labels: m.labels(depth - 1)},
	}
	// Random zero values, so that omitted members come before every other member.
	for range m.IntN(6) {
		switch m.IntN(7) {
		case 0:
			p.Blob = nil
		case 1:
			p.At = time.Time{}
		case 2:
			p.Text = ""
		case 3:
			p.Labels = nil
		case 4:
			p.Floats = []float64{m.float(), 1, 0}
		case 5:
			p.Moments = map[string]time.Time{m.text(): m.moment(), "a": m.moment()}
		case 6:
			p.Children, p.Pointer = []parts{{}, {Float: 1}}, &parts{}
		}
	}
	return p
}

func (m maker) blobOf(n int) []byte { return append(m.blob(), make([]byte, n)...)[:n] }

// plainJSON returns the JSON of a value on the control socket, but with a point
// in each float.
func plainJSON(t testing.TB, v any) string {
	t.Helper()
	write := func(enc *jsontext.Encoder, f float64) error {
		text := jsontext.Float(f).String()
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return enc.WriteValue(jsontext.Value(text))
	}
	b, err := json.Marshal(v, json.Deterministic(true), json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(write),
		json.MarshalToFunc(func(enc *jsontext.Encoder, f float32) error { return write(enc, float64(f)) }),
		json.MarshalToFunc(func(enc *jsontext.Encoder, d time.Duration) error { return write(enc, d.Seconds()) }),
	)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A written value is read back as exactly the JSON of the value.
func TestRoundTrips(t *testing.T) {
	for seed := range uint64(500) {
		m := maker{rand.New(rand.NewPCG(seed, 0))}
		method := fmt.Sprintf("method.%d", seed)
		params := make([]any, m.IntN(4))
		for i := range params {
			params[i] = m.value(4)
		}
		doc, err := xmltest.Call(method, params...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		gotMethod, got, err := xmlrpc.ParseCall(doc, "", xmlrpc.Limits{})
		if want := plainJSON(t, params); err != nil || gotMethod != method || string(got) != want {
			t.Fatalf("seed %d: %s, %v is read back from\n%s\nas\n%s\nwant\n%s", seed, gotMethod, err, doc, got, want)
		}

		v := m.value(4)
		if doc, err = xmlrpc.EncodeResponse(v); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err = xmltest.Response(doc)
		if want := plainJSON(t, v); err != nil || string(got) != want {
			t.Fatalf("seed %d: an answer (%v) is read back from\n%s\nas\n%s\nwant\n%s", seed, err, doc, got, want)
		}
	}
}

// The notes on types stay with their values when the encoder removes empty
// members before them.
func TestKindsSurviveOmittedMembers(t *testing.T) {
	for seed := range uint64(500) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		p := m.parts(0)
		p.Any, p.Labels, p.Name, p.Children, p.Pointer, p.Moments, p.Floats = nil, nil, "", nil, nil, nil, nil
		doc, err := xmlrpc.EncodeResponse(p)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"bool": "boolean", "float": "double", "sum": "base64", "after": "string", "for": "double", "any": "nil", "blobs": "array"}
		if len(p.Blob) > 0 {
			want["blob"] = "base64"
		}
		if p.Text != "" {
			want["text"] = "string"
		}
		if !p.At.IsZero() {
			want["at"] = "dateTime.iso8601"
		}
		if p.Single != 0 {
			want["single"] = "double"
		}
		got := memberTypes(t, doc)
		for name, kind := range want {
			if got[name] != kind {
				t.Fatalf("seed %d: the member %s is a <%s>, want <%s>:\n%s", seed, name, got[name], kind, doc)
			}
		}
		for name := range got {
			if want[name] == "" && name != "int" && name != "small" {
				t.Fatalf("seed %d: there is a member %s:\n%s", seed, name, doc)
			}
		}
	}
}
