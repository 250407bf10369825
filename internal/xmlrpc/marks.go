package xmlrpc

import (
	"encoding"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// kind is a property of a value that JSON does not express.
type kind uint8

const (
	plain  kind = iota
	real        // a number that is a <double> even if it has no fraction
	octets      // a string that is base64
	moment      // a string that is a time in RFC 3339
	ready       // a string that is an encoded value, written unchanged
)

// marked is a JSON value, with notes on the Go types of its values. So tags,
// embedding and methods of Go types work as in JSON, without a second
// implementation.
type marked struct {
	json  []byte
	marks []mark // by offset
}

// mark is a note on one value.
type mark struct {
	offset int64 // end of the token before the value
	kind   kind
}

// marshal turns a value into JSON and takes notes. Bytes that are not UTF-8
// become U+FFFD.
func marshal(v any) (*marked, error) {
	var m marked
	var err error
	m.json, err = json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, d time.Duration) error {
			// A map key is text.
			if kind, n := enc.StackIndex(enc.StackDepth()); kind == jsontext.KindBeginObject && n%2 == 0 {
				return enc.WriteToken(jsontext.String(strconv.FormatFloat(d.Seconds(), 'f', -1, 64)))
			}
			m.note(enc.OutputOffset(), real)
			return enc.WriteToken(jsontext.Float(d.Seconds()))
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, v Value) error {
			m.note(enc.OutputOffset(), ready)
			return enc.WriteToken(jsontext.String(string(v)))
		}),
		// Called for every value before it is written, with a pointer to it.
		json.MarshalToFunc(func(enc *jsontext.Encoder, v any) error {
			m.note(enc.OutputOffset(), kindOf(reflect.TypeOf(v).Elem()))
			return errors.ErrUnsupported // the encoder writes it as usual
		}),
	)))
	return &m, err
}

// note records the kind of the next value. The encoder removes empty members
// with omitempty after it has written them: notes at or after offset are about
// removed members.
func (m *marked) note(offset int64, k kind) {
	n := len(m.marks)
	for n > 0 && m.marks[n-1].offset >= offset {
		n--
	}
	if m.marks = m.marks[:n]; k != plain {
		m.marks = append(m.marks, mark{offset, k})
	}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	byteType = reflect.TypeFor[byte]()
)

// ownJSON are the interfaces by which a type writes its own JSON.
var ownJSON = []reflect.Type{
	reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[json.Marshaler](),
	reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextMarshaler](),
}

func kindOf(t reflect.Type) kind {
	if t == timeType {
		return moment
	}
	var k kind
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		k = real
	case reflect.Slice, reflect.Array:
		if t.Elem() != byteType {
			return plain
		}
		k = octets
	default:
		return plain
	}
	if t.PkgPath() == "" {
		return k // no methods
	}
	for _, own := range ownJSON {
		if reflect.PointerTo(t).Implements(own) {
			return plain
		}
	}
	return k
}
