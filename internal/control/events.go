package control

import (
	"context"
	"fmt"

	"github.com/legion-go/legion/internal/rpc"
)

// serveEvents sends the items of a stream as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html): each as the
// data of an event, as JSON, comments while no item comes, and at the end an
// event "end", or "error" with code and message. The connection is closed after
// it.
func (c *conn) serveEvents(ctx context.Context, h *head, method string) {
	registry := c.server.options.Registry
	params, failed := registry.Query(method, h.query)
	var run func(func([]byte) error) error
	if failed == nil {
		run, failed = registry.Open(ctx, method, params)
	}
	if failed == nil {
		if why, stopping := c.enter(streaming, 0).(*refusal); stopping {
			failed = &rpc.Error{Code: why.code, Message: why.text}
		}
	}
	if failed != nil {
		_ = c.respond(h, failure(failed).response(false), true)
		c.linger()
		return
	}
	defer c.watch(c.cancel)()
	body, err := c.beginBody(h, 200, "text/event-stream", nil, []byte(": \n\n"))
	if err != nil {
		return
	}
	defer body.abandon()
	send := func(name string, data []byte) error { return body.write(event(name, data)) }
	err = run(func(item []byte) error { return send("", item) })
	if ctx.Err() != nil && !c.server.stopping() {
		body.end()
		return
	}
	if err != nil {
		why := &rpc.Error{Code: rpc.CodeApplication, Message: err.Error()}
		if known, ok := err.(*rpc.Error); ok {
			why = known
		}
		_ = send("error", rpc.JSONError(why.Code, why.Message))
	} else {
		_ = send("end", []byte("{}"))
	}
	body.end()
	c.linger()
}

// event is a server-sent event. data is on one line.
func event(name string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(name)+32)
	if name != "" {
		b = fmt.Appendf(b, "event: %s\n", name)
	}
	b = append(b, "data: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// failure is the registry's error over HTTP.
func failure(e *rpc.Error) *refusal {
	status := map[int]int{
		rpc.CodeMethod: 404, rpc.CodeParams: 400, rpc.CodeRequest: 400, rpc.CodeParse: 400, rpc.CodeRole: 403, rpc.CodeSystem: 503,
	}[e.Code]
	if status == 0 {
		status = 500
	}
	return &refusal{status: status, code: e.Code, text: e.Message}
}
