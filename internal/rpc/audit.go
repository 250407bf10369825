package rpc

import (
	"bytes"
	"context"
	"time"
)

// Record is what the audit log learns of a request: of each that changes
// something, once it has ended, and of each that was refused because of its
// caller.
type Record struct {
	Time    time.Time // when the request came
	Caller  Caller
	Method  string
	Params  []byte // as JSON, cut off after 1 KiB; … if they are secret, or what Method.Tell says; of rpc.auth nothing
	Changes bool   // the method changes something
	Refused bool   // the caller lacks the role: the method did not run
	Code    int    // of the error, 0 if there was no error
	Message string // of the error
	Took    time.Duration
}

// maxParams is how many bytes of the parameters a record keeps.
const maxParams = 1 << 10

// record begins a record about a request; in is nil if it is refused.
func (m *method) record(ctx context.Context, params []byte, in any) Record {
	switch {
	case m.Secret && m.Tell != nil && in != nil:
		params = []byte(m.Tell(in))
	case m.Secret && len(params) > 0:
		params = []byte("…")
	}
	return Record{Time: time.Now(), Caller: CallerOf(ctx), Method: m.Name, Params: params, Changes: m.Changes}
}

// ran tells the audit log of a request that ran, unless it changes nothing.
func (m *method) ran(r *Registry, rec Record, err *Error) {
	if m.Changes {
		r.audit(rec, err)
	}
}

func (r *Registry) audit(rec Record, err *Error) {
	if r.options.Audit == nil {
		return
	}
	if err != nil {
		rec.Code, rec.Message = err.Code, err.Message
	}
	if len(rec.Params) > maxParams {
		rec.Params = rec.Params[:maxParams]
	}
	rec.Params = bytes.ToValidUTF8(bytes.Clone(rec.Params), nil) // a character may have been cut in two
	rec.Took = time.Since(rec.Time)
	r.options.Audit(rec)
}
