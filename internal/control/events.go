package control

import (
	"context"
	"fmt"
	"sync"
	"time"

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
	e := &events{c: c, chunked: h.minor > 0}
	header := []string{"Connection", "close"}
	if e.chunked {
		header = append(header, "Transfer-Encoding", "chunked")
	}
	if c.write(append(preamble(200, "text/event-stream", header), "\r\n"...)) != nil {
		return
	}
	e.mu.Lock()
	e.beat = time.AfterFunc(c.server.limits.Heartbeat, e.heartbeat)
	e.mu.Unlock()
	err := run(func(item []byte) error { return e.send("", item) })
	if ctx.Err() != nil && !c.server.stopping() {
		e.close()
		return
	}
	if err != nil {
		why := &rpc.Error{Code: rpc.CodeApplication, Message: err.Error()}
		if known, ok := err.(*rpc.Error); ok {
			why = known
		}
		_ = e.send("error", rpc.JSONError(why.Code, why.Message))
	} else {
		_ = e.send("end", []byte("{}"))
	}
	e.close()
	c.linger()
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

// events writes a stream of server-sent events.
type events struct {
	c       *conn
	chunked bool
	beat    *time.Timer

	mu     sync.Mutex
	closed bool
}

// send writes an event. data is on one line.
func (e *events) send(name string, data []byte) error {
	b := make([]byte, 0, len(data)+len(name)+32)
	if name != "" {
		b = fmt.Appendf(b, "event: %s\n", name)
	}
	b = append(b, "data: "...)
	b = append(b, data...)
	return e.write(append(b, "\n\n"...))
}

// heartbeat keeps proxies from taking the connection for dead.
func (e *events) heartbeat() { _ = e.write([]byte(": \n\n")) }

func (e *events) write(b []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errGone
	}
	e.beat.Reset(e.c.server.limits.Heartbeat)
	if e.chunked {
		size := fmt.Appendf(make([]byte, 0, len(b)+16), "%x\r\n", len(b))
		b = append(append(size, b...), "\r\n"...)
	}
	return e.c.write(b)
}

// close ends the body.
func (e *events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.beat.Stop()
	if e.chunked {
		_ = e.c.write([]byte("0\r\n\r\n"))
	}
}
