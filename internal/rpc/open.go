package rpc

import (
	"context"

	"github.com/legion-go/legion/internal/strictjson"
)

// Open begins a stream method for a protocol that has one stream per request,
// such as server-sent events. params is a JSON object, empty for no parameters;
// [Registry.Query] makes one of the parameters of a URL. The error is for the
// caller.
//
// The caller must call run once. It runs the stream in the calling goroutine,
// calls send with each item as JSON, on one line, and returns nil when the
// stream or ctx ends, and an [*Error] for the caller if it ended with an error.
// send may block; its error ends the stream.
func (r *Registry) Open(ctx context.Context, method string, params []byte) (run func(send func(item []byte) error) error, err *Error) {
	defer func() { r.answered(method, err) }()
	ctx = speaking(ctx, protocolJSON)
	m := r.lookup(method)
	switch {
	case m == nil:
		return nil, errorf(CodeMethod, "Method not found: %s", cut(method, maxQuoted))
	case m.Stream == nil:
		return nil, errorf(CodeRequest, "Invalid Request: %s is not a stream: call it as a method", m.Name)
	case len(params) > r.limits.Request:
		return nil, errorf(CodeSystem, "the parameters have %d bytes; %d are allowed", len(params), r.limits.Request)
	}
	if len(params) > 0 {
		if err := strictjson.Check(params, r.limits.Depth); err != nil {
			return nil, unreadable(err)
		}
		if kindOf(params) != '{' {
			return nil, invalid("an object is expected")
		}
	}
	if err := r.allow(ctx, m, params); err != nil {
		return nil, err
	}
	in, err := r.input(ctx, m, params, inJSON)
	if err != nil {
		return nil, err
	}
	return func(send func([]byte) error) error {
		rec := m.record(ctx, params, in)
		err := r.pour(ctx, m, in, send)
		m.ran(r, rec, err)
		if err != nil {
			return err
		}
		return nil
	}, nil
}

// pour runs a stream to its end. The end of ctx, or of the listener, is not an
// error.
func (r *Registry) pour(ctx context.Context, m *method, in any, send func([]byte) error) *Error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err := r.apart(ctx, m, func() (any, error) {
		return nil, m.Stream(ctx, in, func(item any) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			data, err := r.encode(m.Name, item)
			if err != nil {
				return err
			}
			if err := send(data); err != nil {
				cancel()
				return err
			}
			return nil
		})
	})
	if ctx.Err() != nil && (err == nil || err.Code != CodeInternal) {
		return nil
	}
	return err
}
