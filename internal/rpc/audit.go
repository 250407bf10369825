package rpc

import (
	"bytes"
	"time"
)

// Record is what the audit log is told of a request: of each that changes something, once it has ended, and of each that
// was refused because of its caller.
type Record struct {
	Time    time.Time // when the request came
	Caller  Caller
	Method  string
	Params  []byte // as JSON, what is beyond 1 KiB cut off; of rpc.auth nothing
	Changes bool   // the method changes something
	Refused bool   // the caller may not do that: the method did not run
	Code    int    // of the error, 0 if it went well
	Message string // of the error
	Took    time.Duration
}

// maxParams is how much of the parameters a record has, in bytes.
const maxParams = 1 << 10

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
