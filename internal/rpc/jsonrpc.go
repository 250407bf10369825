package rpc

import (
	"context"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// JSON answers a request or a batch of JSON-RPC 2.0. The answer is on one line,
// without a newline at its end; nil means no answer, because all requests were
// notifications. The requests of a batch run one after the other.
//
// A method that is a stream is refused: it needs a [Session], or
// [Registry.Open].
func (r *Registry) JSON(ctx context.Context, request []byte) (response []byte) {
	x := &exchange{ctx: speaking(ctx, protocolJSON), r: r}
	return x.document(request)
}

// Scan finds out, while a request or batch arrives, that JSON and
// [Session.Handle] will refuse it for its depth or length: after an error of
// the scan they answer what has come so far as they would answer the whole.
func (r *Registry) Scan() strictjson.Scan {
	return strictjson.Scan{MaxDepth: r.limits.Depth, MaxElements: r.limits.Batch}
}

// JSONError is the answer to input that could not be read as a request: an
// error with the id null.
func JSONError(code int, message string) []byte {
	return failure(nil, &Error{Code: code, Message: message})
}

// document answers a request or a batch.
func (x *exchange) document(text []byte) []byte {
	if limit := x.r.limits.Request; len(text) > limit {
		return failure(nil, errorf(CodeSystem, "the request has %d bytes; %d are allowed", len(text), limit))
	}
	batch, requests := false, []request(nil)
	var err error
	late := x.r.turn.take(x.ctx, len(text), func() {
		err = strictjson.Take(text, x.r.limits.Depth, x.r.limits.Batch, func(d *jsontext.Decoder) (err error) {
			batch = d.PeekKind() == '['
			requests, err = parse(d, text)
			return err
		})
	})
	switch {
	case late != nil:
		return failure(nil, late)
	case err != nil:
		return failure(nil, unreadable(err))
	case batch:
		return x.batch(requests)
	}
	return x.answer(requests[0])
}

// batch answers the requests in a list.
func (x *exchange) batch(requests []request) []byte {
	if len(requests) == 0 {
		return failure(nil, errRequest)
	}
	var b []byte
	for _, q := range requests {
		answer := x.batched(q, len(b))
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

// batched answers a request of a batch; the answers before it have the given
// number of bytes.
func (x *exchange) batched(q request, written int) []byte {
	if written > x.r.limits.Result && q.answered() {
		return failure(q.id, errorf(CodeSystem, "not run: the answers before this one fill %d bytes; send smaller batches", x.r.limits.Result))
	}
	return x.answer(q)
}

// answer answers a request.
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
	if data, ok := err.Data.(jsontext.Value); ok { // made by fault
		b = append(b, `,"data":`...)
		b = append(b, data...)
	}
	return append(b, '}')
}
