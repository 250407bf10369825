package rpc

import (
	"context"
	"errors"

	"github.com/legion-go/legion/internal/xmlrpc"
)

// XML answers a call of XML-RPC. It always answers, with a complete document.
//
// A method that is a stream is refused: it needs a [Session], or
// [Registry.Open].
func (r *Registry) XML(ctx context.Context, request []byte) (response []byte) {
	return r.XMLCharset(ctx, request, "")
}

// XMLCharset is XML for a call that came with the name of its encoding: the
// charset in HTTP's Content-Type, "" if it has no charset. It takes precedence
// over the XML declaration.
func (r *Registry) XMLCharset(ctx context.Context, request []byte, charset string) (response []byte) {
	x := &exchange{ctx: speaking(ctx, protocolXML), r: r, style: inXML}
	limits := xmlrpc.Limits{Size: r.limits.Request, Depth: r.limits.Depth, Values: r.limits.Values}
	var method string
	var params []byte
	var failed error
	late := r.turn.take(x.ctx, len(request), func() { method, params, failed = xmlrpc.ParseCall(request, charset, limits) })
	switch {
	case late != nil:
		return XMLFault(late.Code, late.Message)
	case failed != nil:
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

// XMLFault is the answer to input that could not be read as a call.
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
