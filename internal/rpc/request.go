package rpc

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// request is a request of JSON-RPC.
type request struct {
	id     []byte // as it was written; nil: no id
	method string
	params []byte
	err    *Error // it is not a request
}

// answered reports whether q gets an answer: it is a request with an id, or not
// a request at all.
func (q *request) answered() bool { return q.id != nil || q.err != nil }

// parse reads a request, or a list of them, from a decoder of text.
func parse(d *jsontext.Decoder, text []byte) (all []request, err error) {
	if d.PeekKind() != '[' {
		q, err := parseOne(d, text)
		return []request{q}, err
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != ']' {
		q, err := parseOne(d, text)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	_, err = d.ReadToken()
	return all, err
}

// parseOne reads a request.
func parseOne(d *jsontext.Decoder, text []byte) (q request, err error) {
	if d.PeekKind() != '{' {
		q.err = errRequest
		return q, d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return q, err
	}
	var version, method []byte
	var unknown *string
	for d.PeekKind() != '}' {
		m, err := nextMember(d, text)
		if err != nil {
			return q, err
		}
		switch m.name {
		case "jsonrpc":
			version = m.value
		case "method":
			method = m.value
		case "params":
			q.params = m.value
		case "id":
			q.id = m.value
		default:
			if unknown == nil {
				unknown = &m.name
			}
		}
	}
	q.check(version, method, unknown)
	_, err = d.ReadToken()
	return q, err
}

// check finds out whether q is a request, given two of its members as they were
// written and the name of one that it must not have, each nil if missing.
func (q *request) check(version, method []byte, unknown *string) {
	invalid := func(format string, args ...any) {
		if q.err == nil {
			q.err = errorf(CodeRequest, "Invalid Request: "+format, args...)
		}
	}
	if q.id != nil && !bytes.ContainsRune([]byte(`"0n`), rune(kindOf(q.id))) {
		q.id = nil
		invalid("the id is a string, a number or null")
	}
	switch {
	case method != nil && kindOf(method) != '"', version == nil && method == nil:
		q.err = errRequest
		return
	case unknown != nil:
		invalid("there is no member %q: it has jsonrpc, method, params and id", cut(*unknown, maxQuoted))
	case method == nil:
		invalid(`the member "method" is missing`)
	case string(version) != `"2.0"`:
		invalid(`the member "jsonrpc" must be "2.0"`)
	case q.params != nil && kindOf(q.params) != '{' && kindOf(q.params) != '[':
		invalid("params are an object or a list")
	}
	if method != nil {
		_ = strictjson.Unmarshal(method, &q.method) // a string, checked
	}
}
