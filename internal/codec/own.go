package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"unsafe"
)

// ownEncoding is the encoding that a type defines itself: a pair of methods
// that encodes and decodes its values.
type ownEncoding struct {
	marshal, unmarshal string       // the names of the methods
	encodes, decodes   reflect.Type // the interfaces that have them
	append             func(v any, b []byte) ([]byte, error)
	decode             func(v any, b []byte) error
}

// gobEncoder and gobDecoder are the interfaces of encoding/gob, which is too
// heavy to import.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

// ownEncodings lists all of them in order of preference: exact before readable,
// appending before allocating. (The text of a big.Float lacks its precision;
// its gob encoding has it.)
var ownEncodings = []*ownEncoding{
	{
		"AppendBinary", "UnmarshalBinary", reflect.TypeFor[encoding.BinaryAppender](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
		func(v any, b []byte) ([]byte, error) { return v.(encoding.BinaryAppender).AppendBinary(b) },
		func(v any, b []byte) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(b) },
	}, {
		"MarshalBinary", "UnmarshalBinary", reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
		func(v any, b []byte) ([]byte, error) { return add(b)(v.(encoding.BinaryMarshaler).MarshalBinary()) },
		func(v any, b []byte) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(b) },
	}, {
		"GobEncode", "GobDecode", reflect.TypeFor[gobEncoder](), reflect.TypeFor[gobDecoder](),
		func(v any, b []byte) ([]byte, error) { return add(b)(v.(gobEncoder).GobEncode()) },
		func(v any, b []byte) error { return v.(gobDecoder).GobDecode(b) },
	}, {
		"AppendText", "UnmarshalText", reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextUnmarshaler](),
		func(v any, b []byte) ([]byte, error) { return v.(encoding.TextAppender).AppendText(b) },
		func(v any, b []byte) error { return v.(encoding.TextUnmarshaler).UnmarshalText(b) },
	}, {
		"MarshalText", "UnmarshalText", reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
		func(v any, b []byte) ([]byte, error) { return add(b)(v.(encoding.TextMarshaler).MarshalText()) },
		func(v any, b []byte) error { return v.(encoding.TextUnmarshaler).UnmarshalText(b) },
	},
}

// add takes the results of a marshaling method and appends the bytes to b.
func add(b []byte) func([]byte, error) ([]byte, error) {
	return func(own []byte, err error) ([]byte, error) { return append(b, own...), err }
}

func hasOwn(t reflect.Type) bool {
	o, err := ownOf(t, "")
	return o != nil || err != nil
}

// ownOf returns the own encoding of t, or nil.
//
// A struct that embeds a type with such methods inherits them, but they ignore
// its other fields, which would be lost silently. Reflection cannot tell
// whether the struct has overridden the methods, so such a struct is refused.
// If the embedded field is the only one, it travels like any field.
func ownOf(t reflect.Type, path string) (*ownEncoding, error) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return nil, nil
	}
	o := methodsOf(t)
	if o == nil || t.Kind() != reflect.Struct {
		return o, nil
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.Anonymous || !provides(sf.Type, o) {
			continue
		}
		if t.NumField() == 1 {
			return nil, nil
		}
		return nil, refuse(path, t, "embeds "+sf.Type.String()+", whose "+o.marshal+" and "+o.unmarshal+" it inherits, and the other fields would be lost",
			"give the embedded field a name")
	}
	return o, nil
}

// provides reports whether a struct inherits one of the methods of o from an
// embedded field of type t.
func provides(t reflect.Type, o *ownEncoding) bool {
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		t = reflect.PointerTo(t)
	}
	return t.Implements(o.encodes) || t.Implements(o.decodes)
}

func methodsOf(t reflect.Type) *ownEncoding {
	p := reflect.PointerTo(t)
	for _, o := range ownEncodings {
		if p.Implements(o.encodes) && p.Implements(o.decodes) {
			return o
		}
	}
	return nil
}

func (o *ownEncoding) fill(p *plan) {
	typ := p.typ
	p.own = o
	p.enc = func(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		v := reflect.NewAt(typ, p).Interface()
		start := len(b) + 1 // the length usually takes one byte
		out := b
		err := guard(o.marshal, func() (err error) {
			out, err = o.append(v, append(b, 0))
			return err
		})
		if err != nil {
			return b, err
		}
		if len(out) < start {
			return b, fmt.Errorf("%s returned less than it was given", o.marshal)
		}
		n := len(out) - start
		if n < 0x80 {
			out[start-1] = byte(n)
			return out, nil
		}
		var head [10]byte
		length := putUvarint(head[:0], uint64(n))
		out = append(out, length[1:]...) // make room
		copy(out[start-1+len(length):], out[start:start+n])
		copy(out[start-1:], length)
		return out, nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		src, err := d.span()
		if err != nil {
			return err
		}
		own := make([]byte, len(src))
		copy(own, src)
		v := reflect.NewAt(typ, p)
		v.Elem().SetZero()
		return guard(o.unmarshal, func() error { return o.decode(v.Interface(), own) })
	}
}

// guard calls a method from outside this package.
func guard(method string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s panicked: %v", method, r)
		}
	}()
	if err := f(); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}
