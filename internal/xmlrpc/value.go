package xmlrpc

import (
	"bytes"
	"encoding/xml"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// value reads everything between <value> and </value>, and writes it as JSON.
// depth counts the levels around it: the arrays and structs, and in a call the
// call itself and the list of its parameters.
func (p *parser) value(depth int) error {
	if p.values++; p.values > p.limits.Values {
		return p.errorf(CodeLimit, "more than %d values", p.limits.Values)
	}
	p.text = p.text[:0]
	for {
		t, err := p.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			p.text = append(p.text, t...)
		case xml.EndElement: // a value without a type is a string
			return p.out.WriteToken(jsontext.String(string(p.text)))
		case xml.StartElement:
			name := element(t.Name)
			if text := bytes.Trim(p.text, space); len(text) > 0 {
				return p.invalid("text %q and <%s> in one <value>: it holds a single value", clip(string(text)), clip(name))
			}
			if err := p.typed(name, depth); err != nil {
				return err
			}
			return p.close("value")
		}
	}
}

// typed reads the value after the tag that names its type, including the end
// tag.
func (p *parser) typed(name string, depth int) error {
	switch name {
	case "array", "struct":
		if depth >= p.limits.Depth {
			return p.errorf(CodeLimit, "nested deeper than %d values", p.limits.Depth)
		}
		if name == "array" {
			return p.array(depth + 1)
		}
		return p.structure(depth + 1)
	}
	read := scalar(name)
	if read == nil {
		return p.invalid("<%s> is not a type: use int, i8, boolean, double, string, dateTime.iso8601, base64, nil, array "+
			"or struct", clip(name))
	}
	text, err := p.content(name)
	if err != nil {
		return err
	}
	v, err := read(string(text))
	if err != nil {
		return p.invalid("<%s> %q: %v", name, clip(string(text)), err)
	}
	return p.out.WriteValue(v)
}

func (p *parser) array(depth int) error {
	if err := p.open("data", "array"); err != nil {
		return err
	}
	if err := p.out.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for {
		name, err := p.tag("data")
		if err != nil {
			return err
		}
		if name == "" {
			break
		}
		if name != "value" {
			return p.invalid("<%s> in <data>, where <value> should be", clip(name))
		}
		if err := p.value(depth); err != nil {
			return err
		}
	}
	if err := p.out.WriteToken(jsontext.EndArray); err != nil {
		return err
	}
	return p.close("array")
}

func (p *parser) structure(depth int) error {
	if err := p.out.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for {
		name, err := p.tag("struct")
		if err != nil {
			return err
		}
		if name == "" {
			return p.out.WriteToken(jsontext.EndObject)
		}
		if name != "member" {
			return p.invalid("<%s> in <struct>, where <member> should be", clip(name))
		}
		if err := p.member(depth); err != nil {
			return err
		}
	}
}

func (p *parser) member(depth int) error {
	if err := p.open("name", "member"); err != nil {
		return err
	}
	name, err := p.content("name")
	if err != nil {
		return err
	}
	// The JSON encoder tracks the names in open objects.
	if err := p.out.WriteToken(jsontext.String(string(name))); errors.Is(err, jsontext.ErrDuplicateName) {
		return p.invalid("two members have the name %q: give each a different name", clip(string(name)))
	} else if err != nil {
		return err
	}
	if err := p.open("value", "member"); err != nil {
		return err
	}
	if err := p.value(depth); err != nil {
		return err
	}
	return p.close("member")
}
