package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// Codes of errors. Those from -32768 to -32000 are reserved by JSON-RPC 2.0;
// beside its own we use the XML-RPC "Specification for Fault Code
// Interoperability".
const (
	CodeParse       = -32700 // not JSON, not XML
	CodeEncoding    = -32701 // XML in an encoding that is not read
	CodeCharacter   = -32702 // XML with a character that its encoding does not have
	CodeRequest     = -32600 // not a request
	CodeMethod      = -32601 // the method does not exist
	CodeParams      = -32602 // the parameters do not fit the method
	CodeInternal    = -32603 // the method panicked or called runtime.Goexit, or its result cannot be sent
	CodeApplication = -32500 // the method returned an error
	CodeSystem      = -32400 // a limit was reached, or the daemon is stopping
	CodeTransport   = -32300 // the transport of the request
	CodeRole        = -32001 // the caller's role does not allow it

	CodeMulticall          = -31000 // an entry of system.multicall is not a call
	CodeMulticallRecursion = -31001 // system.multicall in system.multicall
)

// Error is an error in the form sent to a caller. A method that returns one
// chooses its code; the errors of methods should have codes outside -32768 to
// -32000.
type Error struct {
	Code    int
	Message string
	Data    any // details, may be nil; JSON-RPC only; left out if it has no JSON form or is above Limits.Result
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// errorf makes an error of the protocol.
func errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// The errors to which the examples in the specification of JSON-RPC add no
// text. Where a request is refused for another reason than the examples', the
// message goes on after a colon.
var (
	errParse   = &Error{Code: CodeParse, Message: "Parse error"}
	errRequest = &Error{Code: CodeRequest, Message: "Invalid Request"}
	errMethod  = &Error{Code: CodeMethod, Message: "Method not found"}
)

// fault turns the error of a method into the error for its caller.
func (r *Registry) fault(ctx context.Context, err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if !ok && r.options.Fault != nil {
		e = r.options.Fault(ctx, err)
	}
	if e == nil {
		e = &Error{Message: err.Error()}
	}
	return &Error{cmp.Or(e.Code, CodeApplication), cut(e.Message, maxMessage), r.detail(e.Data)}
}

// maxMessage is how many bytes of an error's message are sent.
const maxMessage = 64 << 10

// detail returns the data of an error as JSON, nil if it has no data, or data
// that cannot be sent.
func (r *Registry) detail(data any) any {
	if data == nil {
		return nil
	}
	text, err := strictjson.Marshal(data)
	if err != nil || len(text) > r.limits.Result {
		return nil
	}
	return jsontext.Value(text)
}

// unreadable says why a request cannot be read. A parse error in the
// specification's sense has its words; what only we refuse gets more text.
func unreadable(err error) *Error {
	e, ok := errors.AsType[*strictjson.Error](err)
	switch {
	case !ok || e.Kind == strictjson.Syntax:
		return errParse
	case e.Kind == strictjson.Deep:
		return errorf(CodeRequest, "Invalid Request: %s", e.Text())
	case e.Kind == strictjson.Long:
		return errorf(CodeSystem, "a batch has %d requests at most: this one was not run", e.Limit)
	}
	return errorf(CodeParse, "Parse error: %s", cut(e.Error(), maxQuoted))
}

// gone is the answer to a request that is not run because its caller no longer
// waits.
func gone(ctx context.Context) *Error {
	return errorf(CodeSystem, "not run: %v", context.Cause(ctx))
}

// maxQuoted is how many bytes of a caller's own text a message repeats.
const maxQuoted = 200

// cut shortens a text to about limit bytes and makes it valid UTF-8.
func cut(s string, limit int) string {
	if len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
