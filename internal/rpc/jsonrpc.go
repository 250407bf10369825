package rpc

import (
	"bytes"
	"context"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// JSON answers a request or a batch of JSON-RPC 2.0. The answer is on one line, without a newline at its end; nil means
// that there is none, because all was notifications. The requests of a batch run one after the other.
//
// A method that is a stream is refused: it needs a [Session], or [Registry.Open].
func (r *Registry) JSON(ctx context.Context, request []byte) (response []byte) {
	x := &exchange{ctx: speaking(ctx, protocolJSON), r: r}
	return x.document(request)
}

// JSONError is the answer to something that could not become a request: an error with the id null.
func JSONError(code int, message string) []byte {
	return failure(nil, &Error{Code: code, Message: message})
}

// document answers a request or a batch.
func (x *exchange) document(text []byte) []byte {
	if limit := x.r.limits.Request; len(text) > limit {
		return failure(nil, errorf(CodeSystem, "the request has %d bytes; %d are allowed", len(text), limit))
	}
	if err := strictjson.CheckList(text, x.r.limits.Depth, x.r.limits.Batch); err != nil {
		return failure(nil, unreadable(err))
	}
	if kindOf(text) == '[' {
		return x.batch(text)
	}
	return x.request(text)
}

// batch answers the requests in a list.
func (x *exchange) batch(text []byte) []byte {
	requests, _ := elements(text, x.r.limits.Batch) // document has seen that there are no more
	if len(requests) == 0 {
		return failure(nil, errRequest)
	}
	var b []byte
	for _, request := range requests {
		answer := x.batched(request, len(b))
		if answer == nil {
			continue
		}
		b = append(b, ',')
		b = append(b, answer...)
	}
	if b == nil {
		return nil
	}
	b[0] = '['
	return append(b, ']')
}

// batched answers a request of a batch whose answers have so many bytes already.
func (x *exchange) batched(text []byte, written int) []byte {
	q := parse(text)
	if written > x.r.limits.Result && q.answered() {
		return failure(q.id, errorf(CodeSystem, "not run: the answers before this one fill %d bytes; send smaller batches", x.r.limits.Result))
	}
	return x.answer(q)
}

// request answers a request.
func (x *exchange) request(text []byte) []byte { return x.answer(parse(text)) }

func (x *exchange) answer(q request) []byte {
	if q.err != nil {
		return failure(q.id, q.err)
	}
	x.silent = !q.answered()
	out, err := x.call(q.method, q.params)
	if x.silent {
		return nil
	}
	var result []byte
	if err == nil {
		result, err = x.r.encode(q.method, out)
	}
	if err != nil {
		return failure(q.id, err)
	}
	return success(q.id, result)
}

// request is a request of JSON-RPC.
type request struct {
	id     []byte // as it was written; nil: there is none
	method string
	params []byte
	err    *Error // it is no request
}

// answered reports whether q is more than a notification. What is no request is none either.
func (q *request) answered() bool { return q.id != nil || q.err != nil }

// parse reads a request.
func parse(text []byte) (q request) {
	if kindOf(text) != '{' {
		q.err = errRequest
		return q
	}
	var version, name, params []byte
	var unknown string
	list, _ := members(text, 5) // one more than there can be
	for _, m := range list {
		switch m.name {
		case "jsonrpc":
			version = m.value
		case "method":
			name = m.value
		case "params":
			params = m.value
		case "id":
			q.id = m.value
		default:
			unknown = m.name
		}
	}
	q.params = params
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
	case name != nil && kindOf(name) != '"', version == nil && name == nil:
		q.err = errRequest
		return q
	case unknown != "":
		invalid("there is no member %q: it has jsonrpc, method, params and id", cut(unknown, maxQuoted))
	case name == nil:
		invalid(`the member "method" is missing`)
	case string(version) != `"2.0"`:
		invalid(`the member "jsonrpc" must be "2.0"`)
	case params != nil && kindOf(params) != '{' && kindOf(params) != '[':
		invalid("params are an object or a list")
	}
	if name != nil {
		_ = strictjson.Unmarshal(name, &q.method) // a string, checked
	}
	return q
}

// success is the answer with a result.
func success(id, result []byte) []byte {
	b := make([]byte, 0, len(result)+len(id)+40)
	b = append(b, `{"jsonrpc":"2.0","result":`...)
	b = append(b, result...)
	return appendID(b, id)
}

// failure is the answer with an error.
func failure(id []byte, err *Error) []byte {
	b := append([]byte(nil), `{"jsonrpc":"2.0","error":`...)
	b = appendError(b, err)
	return appendID(b, id)
}

func appendID(b, id []byte) []byte {
	b = append(b, `,"id":`...)
	if id == nil {
		id = []byte("null")
	}
	b = append(b, id...)
	return append(b, '}')
}

func appendError(b []byte, err *Error) []byte {
	b = append(b, `{"code":`...)
	b = strconv.AppendInt(b, int64(err.Code), 10)
	b = append(b, `,"message":`...)
	b = appendString(b, err.Message)
	if data, ok := err.Data.(jsontext.Value); ok { // as fault has made it
		b = append(b, `,"data":`...)
		b = append(b, data...)
	}
	return append(b, '}')
}
