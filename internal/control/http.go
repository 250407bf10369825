package control

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

const (
	typeJSON = "application/json"
	typeXML  = "text/xml; charset=utf-8"
)

// serveHTTP answers one request after the other.
func (c *conn) serveHTTP(ctx context.Context) {
	for wait := c.server.limits.FirstByte; ; wait = c.server.limits.Idle {
		if err := c.enter(waiting, wait); err != nil {
			c.fail(err)
			return
		}
		if _, err := c.in.Peek(1); err != nil {
			c.fail(err)
			return
		}
		if !c.exchange(ctx) {
			return
		}
	}
}

// exchange reads a request and answers it. It reports whether another may
// follow.
func (c *conn) exchange(ctx context.Context) bool {
	if err := c.enter(reading, c.server.limits.Request); err != nil {
		c.fail(err)
		return false
	}
	h, err := readHead(c.in, c.server.limits)
	if err != nil {
		c.fail(err)
		return false
	}
	route, why := c.route(h)
	caller, denied := c.authorise(h, route.role)
	if denied != nil {
		why = denied
	}
	space := &room{share: &c.server.memory, peer: c.peer}
	defer space.free()
	most := c.server.request
	if caller.Role == rpc.None { // at an open path
		most = min(most, freeMemory)
	}
	body := c.gather(space, most, route.json)
	if why == nil {
		if why, err = c.readBody(h, &body); err != nil {
			c.fail(err)
			return false
		}
	}
	if why != nil {
		c.server.refused(why)
		_ = c.respond(h, why.response(h.isXML()), true)
		c.linger()
		return false
	}
	if err := c.enter(running, 0); err != nil {
		return false
	}
	ctx = rpc.WithCaller(ctx, caller)
	if route.serve == nil {
		c.serveEvents(ctx, h, route.stream)
		return false
	}
	var answer *response
	if why := c.execute(func() { answer = c.run(ctx, route, h, body.bytes) }); why != nil {
		answer = why.response(h.isXML())
	}
	if route.name != "" {
		c.server.options.Registry.Count(route.name, strconv.Itoa(cmp.Or(answer.status, 200)))
	}
	space.free()
	if answer.stream != nil {
		c.serveStream(ctx, h, answer)
		return false
	}
	if !space.want(len(answer.body)) {
		answer = errMemory.response(h.isXML())
	}
	last := h.last || c.server.stopping()
	if c.respond(h, answer, last) != nil {
		return false
	}
	if last {
		c.linger()
	}
	return !last
}

// readBody reads the body of a request, after sending "100 Continue" to a
// client that waits for it.
func (c *conn) readBody(h *head, body *gather) (*refusal, error) {
	if h.length > body.limit {
		return tooLarge(body.limit), nil
	}
	if h.expect && c.in.Buffered() == 0 {
		if err := c.write([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
			return nil, err
		}
	}
	err := h.readBody(c.in, body)
	if why, refused := err.(*refusal); refused {
		return why, nil
	}
	return nil, err
}

// run calls the route's handler. A panic is an error for this client only.
func (c *conn) run(ctx context.Context, to route, h *head, body []byte) (answer *response) {
	defer func() {
		if v := recover(); v != nil {
			c.server.options.Log.Error("control: a panic while answering", "path", h.path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			answer = httpRefusal(500, "a panic while answering: see the daemon's log").response(false)
		}
		if answer == nil {
			answer = &response{status: 204}
		}
	}()
	return to.serve(ctx, body)
}

// response is an answer over HTTP.
type response struct {
	status int    // 0 is 200
	why    string // it is a refusal: the status line ends with this
	kind   string // of the body: its media type
	body   []byte
	header []string // more fields: name, value, …

	stream func(ctx context.Context, write func([]byte) error) error // sends the body, if not nil
	beat   []byte                                                    // sent while that is silent
}

// reason is the reason phrase of a status that we use.
func reason(status int) string {
	switch status {
	case 200:
		return "OK"
	case 204:
		return "No Content"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 413:
		return "Content Too Large"
	case 414:
		return "URI Too Long"
	case 415:
		return "Unsupported Media Type"
	case 417:
		return "Expectation Failed"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 503:
		return "Service Unavailable"
	case 505:
		return "HTTP Version Not Supported"
	}
	return ""
}

// respond writes an answer. h is nil if the request could not be read.
func (c *conn) respond(h *head, r *response, last bool) error {
	status := cmp.Or(r.status, 200)
	bare := status == 204 || status == 304 // it has no body by definition
	b := preamble(status, r.why, r.kind, r.header)
	if !bare {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.body)), 10)
		b = append(b, "\r\n"...)
	}
	if last {
		b = append(b, "Connection: close\r\n"...)
	}
	b = append(b, "\r\n"...)
	switch {
	case bare || h != nil && h.method == "HEAD":
		return c.write(b)
	case len(r.body) <= freeMemory:
		return c.write(append(b, r.body...))
	}
	return c.write(b, r.body)
}

// preamble is the status line and the fields of every answer. why is "" unless
// it is a refusal: some clients, Prometheus for one, show people the status
// line and never the body.
func preamble(status int, why, kind string, header []string) []byte {
	b := fmt.Appendf(make([]byte, 0, 512), "HTTP/1.1 %d %s", status, reason(status))
	if why != "" {
		b = append(append(b, ": "...), phrase(why)...)
	}
	b = fmt.Appendf(b, "\r\nDate: %s\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
		time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	if kind != "" {
		b = fmt.Appendf(b, "Content-Type: %s\r\n", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		b = fmt.Appendf(b, "%s: %s\r\n", header[i], header[i+1])
	}
	return b
}

// longestPhrase is how much of a refusal the status line has, in bytes.
const longestPhrase = 256

// phrase makes a text fit for a status line: one line of ASCII. The body has it
// whole.
func phrase(text string) string {
	if len(text) > longestPhrase {
		text = text[:longestPhrase-3] + "..."
	}
	b := []byte(text)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}
