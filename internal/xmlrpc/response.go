package xmlrpc

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// EncodeResponse writes the result of a method; see the package's documentation for what becomes of Go values. It is
// an error if the value has no JSON (a channel, NaN, a cycle) or holds an integer of more than 64 bits with sign.
func EncodeResponse(v any) ([]byte, error) {
	var w writer
	w.begin("methodResponse")
	w.raw("<params><param><value>")
	if err := w.result(v); err != nil {
		return nil, err
	}
	w.raw("</value></param></params></methodResponse>\n")
	return w.buf.Bytes(), nil
}

// Value is a value that is encoded already, by [EncodeValue]. Wherever it stands in what is encoded later it is written as
// it is.
type Value []byte

// EncodeValue writes a part of a result; errors are those of [EncodeResponse].
func EncodeValue(v any) (Value, error) {
	var w writer
	if err := w.result(v); err != nil {
		return nil, err
	}
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
	p, err := newParser(data, "", responseLimits)
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
		err = p.param(0)
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
