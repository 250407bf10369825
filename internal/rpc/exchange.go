package rpc

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/legion-go/legion/internal/strictjson"
)

// exchange is one request document that is being answered.
type exchange struct {
	ctx     context.Context // an exchange lives no longer than its request
	r       *Registry
	style   style
	session *Session // nil outside a session

	silent   bool      // the request is a notification: the answer is not sent
	starting []*stream // streams to be started once the answer has been written
}

// call runs a method, and counts it. The result has the method's type Out; only
// encode finds out whether it can be encoded and is within the limit.
func (x *exchange) call(name string, params []byte) (any, *Error) {
	out, err := x.run(name, params)
	x.r.answered(name, err)
	return out, err
}

func (x *exchange) run(name string, params []byte) (any, *Error) {
	if x.ctx.Err() != nil {
		return nil, gone(x.ctx)
	}
	m := x.r.lookup(name)
	switch {
	case m == nil:
		return nil, errMethod
	case m.session && x.session == nil:
		return nil, errorf(CodeMethod, "Method not found: %s exists only on connections of the line protocol", name)
	}
	ctx := x.ctx
	if x.session != nil {
		ctx = x.session.context() // a request before this one, in the same batch, may have changed the caller
	}
	if err := x.r.allow(ctx, m, params); err != nil {
		return nil, err
	}
	in, err := x.r.input(ctx, m, params, x.style)
	if err != nil {
		return nil, err
	}
	if m.run != nil {
		return m.run(x, in)
	}
	if m.Stream != nil {
		return x.open(ctx, m, in, params)
	}
	rec := m.record(ctx, params, in)
	out, err := x.r.apart(ctx, m, func() (any, error) { return m.Call(ctx, in) })
	m.ran(x.r, rec, err)
	return out, err
}

// allow refuses a method to a caller whose role is too small, and tells the
// audit log.
func (r *Registry) allow(ctx context.Context, m *method, params []byte) *Error {
	caller := CallerOf(ctx)
	if caller.Role >= m.Role {
		return nil
	}
	err := errorf(CodeRole, "not allowed: %s needs the role %s, yours is %s", m.Name, m.Role, caller.Role)
	if caller.Name != "" {
		err.Message += " (" + caller.Name + ")"
	}
	rec := m.record(ctx, params, nil)
	rec.Refused = true
	r.audit(rec, err)
	return err
}

// input reads the parameters of a method. Its types may have their own code for
// that, so it is guarded.
func (r *Registry) input(ctx context.Context, m *method, params []byte, s style) (any, *Error) {
	return r.guard(ctx, m, func() (any, error) {
		in, err := m.read(params, s)
		if err != nil {
			return nil, err
		}
		return in, nil
	})
}

// apart runs a method in a goroutine of its own and waits for it: a method that
// calls runtime.Goexit ends that goroutine, not the caller's.
func (r *Registry) apart(ctx context.Context, m *method, fn func() (any, error)) (out any, err *Error) {
	returned, ended := false, make(chan struct{})
	go func() {
		defer close(ended)
		out, err = r.guard(ctx, m, fn)
		returned = true
	}()
	if <-ended; !returned {
		err = errorf(CodeInternal, "Internal error: %s ended its goroutine", m.Name)
	}
	return out, err
}

// guard runs code of a method. Its panic becomes an error.
func (r *Registry) guard(ctx context.Context, m *method, fn func() (any, error)) (out any, err *Error) {
	defer func() {
		if v := recover(); v != nil {
			if r.options.Panicked != nil {
				r.options.Panicked(m.Name, v, debug.Stack())
			}
			out, err = nil, errorf(CodeInternal, "Internal error: %s panicked: %s", m.Name, cut(fmt.Sprint(v), maxQuoted))
		}
	}()
	out, failed := fn()
	if failed != nil {
		return nil, r.fault(ctx, failed)
	}
	return out, nil
}

// encode returns a result as JSON within the limit.
func (r *Registry) encode(m string, out any) ([]byte, *Error) {
	return r.encoded(m, out, func(v any) ([]byte, error) {
		if text, done := v.(jsonText); done {
			return text, nil
		}
		return strictjson.Marshal(v)
	})
}

// encoded is encode for any encoding.
func (r *Registry) encoded(m string, out any, encode func(any) ([]byte, error)) ([]byte, *Error) {
	var data []byte
	_, err := r.guard(context.Background(), &method{Method: Method{Name: m}}, func() (_ any, err error) {
		if data, err = encode(out); err != nil {
			err = errorf(CodeInternal, "Internal error: the result of %s cannot be sent: %s", m, cut(err.Error(), maxQuoted))
		}
		return nil, err
	})
	switch {
	case err != nil:
		return nil, err
	case len(data) > r.limits.Result:
		return nil, errorf(CodeSystem, "the result of %s has %d bytes; %d can be sent: ask for less", m, len(data), r.limits.Result)
	}
	return data, nil
}
