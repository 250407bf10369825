package rpc

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// These take JSON apart, and return parts of its text, not copies. elements and
// members are for text that has been checked: another search for duplicate
// names would take memory.

func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// kindOf returns the kind of a JSON value: n t f " 0 { [.
func kindOf(value []byte) jsontext.Kind { return jsontext.Value(value).Kind() }

// elements returns the elements of a list, limit at most, and whether there are
// more.
func elements(list []byte, limit int) (found [][]byte, more bool) {
	d := newDecoder(list)
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() != ']' {
		if len(found) == limit {
			return found, true
		}
		value, err := next(d, list)
		if err != nil {
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

// members returns the members of an object, limit at most, and whether there
// are more.
func members(object []byte, limit int) (found []member, more bool) {
	d := newDecoder(object)
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() != '}' {
		if len(found) == limit {
			return found, true
		}
		m, err := nextMember(d, object)
		if err != nil {
			return nil, false
		}
		found = append(found, m)
	}
	return found, false
}

// nextMember returns the member of an object in text that d reads next.
func nextMember(d *jsontext.Decoder, text []byte) (m member, err error) {
	name, err := d.ReadToken()
	if err != nil {
		return m, err
	}
	m.name = name.String()
	m.value, err = next(d, text)
	return m, err
}

// next returns the part of text that d reads next.
func next(d *jsontext.Decoder, text []byte) ([]byte, error) {
	value, err := d.ReadValue()
	end := int(d.InputOffset())
	if err != nil {
		return nil, err
	}
	return text[end-len(value) : end : end], nil
}
