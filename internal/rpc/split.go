package rpc

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// These take apart text that has been checked, and return parts of it, not copies. Since it has been checked nobody has to
// look for names that are there twice again, which takes memory.

func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// kindOf returns the kind of a JSON value: n t f " 0 { [.
func kindOf(value []byte) jsontext.Kind { return jsontext.Value(value).Kind() }

// elements returns the elements of a list, limit at most, and whether there are more.
func elements(list []byte, limit int) (found [][]byte, more bool) {
	d := newDecoder(list)
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() != ']' {
		if len(found) == limit {
			return found, true
		}
		value, ok := next(d, list)
		if !ok {
			return nil, false
		}
		found = append(found, value)
	}
	return found, false
}

// member is a member of an object.
type member struct {
	name  string
	value []byte
}

// members returns the members of an object, limit at most, and whether there are more.
func members(object []byte, limit int) (found []member, more bool) {
	d := newDecoder(object)
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() != '}' {
		if len(found) == limit {
			return found, true
		}
		name, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		m := member{name: name.String()}
		var ok bool
		if m.value, ok = next(d, object); !ok {
			return nil, false
		}
		found = append(found, m)
	}
	return found, false
}

// next returns the part of text that d reads next.
func next(d *jsontext.Decoder, text []byte) ([]byte, bool) {
	value, err := d.ReadValue()
	end := int(d.InputOffset())
	if err != nil {
		return nil, false
	}
	return text[end-len(value) : end : end], true
}
