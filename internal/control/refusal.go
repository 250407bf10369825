package control

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// refusal is why a request is not served, for all protocols.
type refusal struct {
	status int // of HTTP
	code   int // of JSON-RPC and XML-RPC
	text   string
	header []string // further fields of HTTP: name, value, …
}

func (r *refusal) Error() string { return r.text }

// reason classifies it: one of status.RefusalReasons.
func (r *refusal) reason() string {
	switch {
	case r == errStopping:
		return "stopping"
	case r.code == rpc.CodeRole:
		return "role"
	}
	switch r.status {
	case 404, 405:
		return "not_found"
	case 408:
		return "timeout"
	case 413, 414, 431:
		return "too_large"
	case 503:
		return "busy"
	}
	return "malformed"
}

// httpRefusal refuses a malformed HTTP request.
func httpRefusal(status int, format string, args ...any) *refusal {
	return &refusal{status: status, code: rpc.CodeTransport, text: fmt.Sprintf(format, args...)}
}

func forbidden(format string, args ...any) *refusal {
	return &refusal{status: 403, code: rpc.CodeRole, text: fmt.Sprintf(format, args...)}
}

// overload refuses a request for lack of resources at the moment.
func overload(text string) *refusal {
	return &refusal{status: 503, code: rpc.CodeSystem, text: text, header: []string{"Retry-After", "1"}}
}

var (
	errStopping = overload("the daemon is stopping")
	errEvicted  = overload("there are too many connections, and this one was idle for longest: connect again")
	errFull     = overload("there are too many connections: close some, or try again later")
	errBusy     = overload("busy: too many requests are being executed: try again")
	errMemory   = overload("busy: large requests and answers take all the memory set aside for them: try again")
)

func tooLarge(limit int) *refusal {
	return &refusal{status: 413, code: rpc.CodeSystem, text: fmt.Sprintf("the request is larger than %d bytes", limit)}
}

// refuse sends the reason in the client's protocol, and makes sure, as far as
// possible, that the client can read it: closing a connection while data from
// the client is on its way resets it, and the client may lose our answer.
func (c *conn) refuse(r *refusal) {
	c.server.refused(r)
	switch c.protocol {
	case silent:
		return
	case http:
		_ = c.respond(nil, r.response(false), true)
	case xml:
		_ = c.write(rpc.XMLFault(r.code, r.text))
	default:
		answer := r.to(c.line)
		if answer == nil {
			answer = rpc.JSONError(r.code, r.text)
		}
		_ = c.writeLine(answer)
	}
	c.linger()
}

// response is the refusal over HTTP.
func (r *refusal) response(asXML bool) *response {
	answer := &response{status: r.status, why: r.text, kind: typeJSON, body: rpc.JSONError(r.code, r.text), header: r.header}
	if asXML {
		answer.kind, answer.body = typeXML, rpc.XMLFault(r.code, r.text)
	}
	return answer
}

// linger tells the client that nothing more comes, and discards its input for a
// while.
func (c *conn) linger() {
	half, ok := c.safe.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	patience := lingerTime
	if c.server.hurried() {
		patience = lingerBrief
	}
	end := time.Now().Add(patience)
	_ = c.raw.SetReadDeadline(end)
	for range lingerBytes / flowStep {
		if _, err := io.CopyN(io.Discard, c.safe, flowStep); err != nil {
			return
		}
		c.server.waste.wait(flowStep, time.Until(end))
	}
}

// timedOut reports whether a read or write failed because of our deadline.
func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
