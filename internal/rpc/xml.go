package rpc

import (
	"context"
	"errors"

	"github.com/legion-go/legion/internal/xmlrpc"
)

// XML answers a call of XML-RPC. There is always an answer; it is a document of its own.
//
// A method that is a stream is refused: it needs a [Session], or [Registry.Open].
func (r *Registry) XML(ctx context.Context, request []byte) (response []byte) {
	x := &exchange{ctx: ctx, r: r, style: inXML}
	method, params, failed := xmlrpc.ParseCall(request, xmlrpc.Limits{Size: r.limits.Request, Depth: r.limits.Depth})
	if failed != nil {
		return XMLFault(unreadableXML(failed))
	}
	out, err := x.call(method, params)
	if err == errMethod {
		err = errorf(CodeMethod, "Method not found: %s", cut(method, maxQuoted))
	}
	if err == nil {
		response, err = r.encoded(method, out, xmlrpc.EncodeResponse)
	}
	if err != nil {
		return XMLFault(err.Code, err.Message)
	}
	return response
}

// XMLFault is the answer to something that could not become a call.
func XMLFault(code int, message string) []byte { return xmlrpc.EncodeFault(code, message) }

// unreadableXML says why a call cannot be read.
func unreadableXML(err error) (code int, message string) {
	e, ok := errors.AsType[*xmlrpc.Error](err)
	if !ok {
		return CodeParse, "Parse error: " + err.Error()
	}
	switch e.Code {
	case CodeRequest:
		return e.Code, "Invalid Request: " + e.Message
	case CodeSystem:
		return e.Code, e.Message
	}
	return e.Code, "Parse error: " + e.Message
}
