package xmlrpc

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// EncodeResponse writes the result of a method; see the package's documentation for what becomes of Go values. It is
// an error if the value has no JSON (a channel, NaN, a cycle) or holds an integer of more than 64 bits with sign.
func EncodeResponse(v any) ([]byte, error) {
	m, err := marshal([]any{v}, false)
	if err != nil {
		return nil, fmt.Errorf("encoding the result: %w", err)
	}
	var w writer
	w.begin("methodResponse")
	w.raw("<params>")
	if err := w.params(m, 1); err != nil {
		return nil, fmt.Errorf("encoding the result: %w", err)
	}
	w.raw("</params></methodResponse>\n")
	return w.buf.Bytes(), nil
}

// EncodeFault writes an error as the answer to a call.
func EncodeFault(code int, message string) []byte {
	var w writer
	w.begin("methodResponse")
	w.raw("<fault><value><struct><member><name>faultCode</name><value>")
	w.integer(int64(code))
	w.raw("</value></member><member><name>faultString</name><value><string>")
	_ = w.text(message) // fails in calls only
	w.raw("</string></value></member></struct></value></fault></methodResponse>\n")
	return w.buf.Bytes()
}

// ParseResponse reads a methodResponse: its result as JSON. If the answer is a fault the error is a [*Fault], all
// other errors are [*Error]. The limits are those of [Limits], but for 16 MiB and 1,000,000 values.
func ParseResponse(data []byte) (result []byte, err error) {
	p, err := newParser(data, responseLimits)
	if err != nil {
		return nil, err
	}
	fault, err := p.response()
	switch {
	case err != nil:
		return nil, err
	case fault:
		return nil, p.fault()
	}
	return p.result(), nil
}

// response reads the whole document and reports whether it is a fault.
func (p *parser) response() (fault bool, err error) {
	if err := p.open("methodResponse", ""); err != nil {
		return false, err
	}
	name, err := p.tag("methodResponse")
	if err != nil {
		return false, err
	}
	switch name {
	case "params":
		if err := p.open("param", "params"); err != nil {
			return false, err
		}
		err = p.param()
	case "fault":
		if err := p.open("value", "fault"); err != nil {
			return false, err
		}
		err = p.value(0)
	default:
		return false, p.invalid("<%s> in <methodResponse>, where <params> or <fault> should be", clip(name))
	}
	if err != nil {
		return false, err
	}
	if err := p.close(name); err != nil {
		return false, err
	}
	if err := p.close("methodResponse"); err != nil {
		return false, err
	}
	return name == "fault", p.end()
}

// fault makes an error of a fault's value, a struct of exactly two members.
func (p *parser) fault() error {
	var f struct {
		Code    *int    `json:"faultCode"`
		Message *string `json:"faultString"`
	}
	err := json.Unmarshal(p.result(), &f, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false))
	if err != nil || f.Code == nil || f.Message == nil {
		return p.invalid("<fault> must hold a struct of the int faultCode and the string faultString")
	}
	return &Fault{Code: *f.Code, Message: *f.Message}
}
