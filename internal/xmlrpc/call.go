package xmlrpc

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseCall reads a methodCall: the name of the method, and its parameters as a
// JSON array, empty if there are none. ParseCall does not check whether the
// method exists. Errors are [*Error].
//
// The name is returned without white space around it, and not checked
// otherwise.
//
// charset is the name of the encoding that came with the document, such as the
// charset in HTTP's Content-Type, or "". It takes precedence over the XML
// declaration, and a byte order mark over the charset (RFC 7303, section 3).
func ParseCall(data []byte, charset string, l Limits) (method string, params []byte, err error) {
	p, err := newParser(data, charset, l)
	if err == nil {
		method, err = p.call()
	}
	if err != nil {
		return "", nil, err
	}
	return method, p.result(), nil
}

// call reads the whole document.
func (p *parser) call() (method string, err error) {
	if err := p.open("methodCall", ""); err != nil {
		return "", err
	}
	if err := p.open("methodName", "methodCall"); err != nil {
		return "", err
	}
	name, err := p.content("methodName")
	if err != nil {
		return "", err
	}
	method = strings.Trim(string(name), space)
	if err := p.out.WriteToken(jsontext.BeginArray); err != nil {
		return "", err
	}
	switch name, err := p.tag("methodCall"); {
	case err != nil:
		return "", err
	case name == "params":
		if err := p.params(); err != nil {
			return "", err
		}
		if err := p.close("methodCall"); err != nil {
			return "", err
		}
	case name != "":
		return "", p.invalid("<%s> in <methodCall>, where <params> should be", clip(name))
	}
	if err := p.out.WriteToken(jsontext.EndArray); err != nil {
		return "", err
	}
	return method, p.end()
}

// params reads everything after <params>, including its end tag.
func (p *parser) params() error {
	for {
		name, err := p.tag("params")
		if err != nil || name == "" {
			return err
		}
		if name != "param" {
			return p.invalid("<%s> in <params>, where <param> should be", clip(name))
		}
		if err := p.param(2); err != nil {
			return err
		}
	}
}

// param reads everything after <param>, including its end tag. depth is the
// depth of its value.
func (p *parser) param(depth int) error {
	if err := p.open("value", "param"); err != nil {
		return err
	}
	if err := p.value(depth); err != nil {
		return err
	}
	return p.close("param")
}

// end expects the end of the document.
func (p *parser) end() error {
	name, err := p.tag("")
	if err == nil && name != "" {
		err = p.errorf(CodeNotWellFormed, "<%s> after the root element: send one document at a time", clip(name))
	}
	return err
}

// result returns the JSON written so far.
func (p *parser) result() []byte { return bytes.TrimSuffix(p.json.Bytes(), []byte("\n")) }
