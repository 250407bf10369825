package control

import (
	"context"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
)

// route answers the requests for a path.
type route struct {
	name   string                                           // under which its answers are counted, unless they are those of methods
	role   rpc.Role                                         // least role that is needed
	serve  func(ctx context.Context, body []byte) *response // a nil answer is 204, No Content
	json   bool                                             // the body is JSON-RPC
	stream string                                           // if serve is nil: the method whose items are sent
}

// nowhere is the route of refused requests: a client without a role is first
// told so.
var nowhere = route{role: rpc.Read}

// route finds the route of a request.
func (c *conn) route(h *head) (route, *refusal) {
	s := c.server
	p := s.pathOf(h)
	if why := c.fromBrowser(h, p); why != nil {
		return nowhere, why
	}
	if p != nil {
		return c.routePath(h, p)
	}
	get := h.method == "GET" || h.method == "HEAD"
	allow := "GET, HEAD"
	switch {
	case get && h.path == "/":
		return route{name: "GET /", role: rpc.Read, serve: s.hello}, nil
	case h.path == "/" || h.path == "/rpc" || h.path == "/RPC2":
		if h.method == "POST" {
			return s.routeRPC(h)
		}
		if allow = "POST"; h.path == "/" {
			allow = "GET, HEAD, POST"
		}
	case h.path == "/healthz":
		if get {
			return route{name: "GET /healthz", serve: alive}, nil
		}
	case h.path == "/readyz":
		if get {
			return route{name: "GET /readyz", serve: s.ready}, nil
		}
	case strings.HasPrefix(h.path, "/stream/"):
		if h.method == "GET" {
			return route{role: rpc.Read, stream: h.path[len("/stream/"):]}, nil
		}
		allow = "GET"
	default:
		return nowhere, httpRefusal(404, "there is nothing at this path: requests go to POST /rpc")
	}
	why := httpRefusal(405, "%s is not for this path", h.method)
	why.header = []string{"Allow", allow}
	return nowhere, why
}

// routeRPC finds the protocol by the type of the body. A form, which a page in
// a browser can send anywhere, is not accepted.
func (s *Server) routeRPC(h *head) (route, *refusal) {
	registry := s.options.Registry
	switch media := h.media(); {
	case media == "application/json" || media == "application/json-rpc":
		return route{role: rpc.Read, json: true, serve: func(ctx context.Context, body []byte) *response {
			if answer := registry.JSON(ctx, body); answer != nil {
				return &response{kind: typeJSON, body: answer}
			}
			return nil
		}}, nil
	case h.isXML():
		charset := h.charset()
		return route{role: rpc.Read, serve: func(ctx context.Context, body []byte) *response {
			return &response{kind: typeXML, body: registry.XMLCharset(ctx, body, charset)}
		}}, nil
	}
	return nowhere, httpRefusal(415, "the content-type must be application/json (JSON-RPC) or text/xml (XML-RPC)")
}

// authorise finds the caller of a request, and checks its role.
func (c *conn) authorise(h *head, need rpc.Role) (rpc.Caller, *refusal) {
	caller := c.caller
	if h.count("authorization") > 0 {
		scheme, token, _ := strings.Cut(h.get("authorization"), " ")
		bearer, known := Authenticate(c.server.options.Rules, strings.Trim(token, " "))
		if !strings.EqualFold(scheme, "bearer") || !known {
			c.server.complaints.say("control: refused: a wrong token", "who", c.peer.name(), "address", c.address.String(), "request", h.method+" "+h.path)
			why := forbidden("not allowed: the token in the field Authorization is unknown")
			why.status, why.header = 401, challenge
			return caller, why
		}
		if bearer.Role >= caller.Role {
			caller.Name, caller.Role = bearer.Name, bearer.Role
			c.greet(caller)
		}
	}
	if caller.Role >= need {
		return caller, nil
	}
	if caller.Role == rpc.None {
		return caller, c.stranger(h.method + " " + h.path)
	}
	return caller, forbidden("not allowed: %s needs the role %v, yours is %v (%s)", h.path, need, caller.Role, caller.Name)
}

var challenge = []string{"WWW-Authenticate", `Bearer realm="control"`}

// tokens reports whether any rule accepts a token.
func (c *conn) tokens() bool {
	for _, r := range c.server.options.Rules {
		if r.Kind == "token" {
			return true
		}
	}
	return false
}

// stranger refuses a client without any role, and says what to configure.
// request is what the client tried, if known.
func (c *conn) stranger(request string) *refusal {
	attrs := []any{"who", c.peer.name(), "address", c.address.String()}
	if request != "" {
		attrs = append(attrs, "request", request)
	}
	c.server.complaints.say("control: refused: no role", attrs...)
	var why *refusal
	switch p := c.peer; {
	case p.worker:
		why = forbidden(`not allowed: process %d is one of the daemon's workers, or was started by one; to let them, give them a role in the daemon's configuration, Access: "workers": "read"`, p.pid)
	case p.uid >= 0:
		why = forbidden(`not allowed: user %d may not use this socket; to let it, give it a role in the daemon's configuration, Access: "uid:%[1]d": "read"`, p.uid)
	case len(p.certs) > 0:
		why = forbidden(`not allowed: the certificate of %q has no role; to give it one: Access: "cert:%[1]s": "read"`, p.certs[0])
	default:
		why = forbidden("not allowed: use a client certificate that has a role")
	}
	if c.tokens() {
		why.text += "; or send a token"
		if c.peer.uid < 0 {
			why.status, why.header = 401, challenge
		}
	}
	return why
}

// alive is GET /healthz: a process that can answer is alive.
func alive(context.Context, []byte) *response {
	return &response{kind: typeJSON, body: []byte(`{"status":"alive"}`)}
}

// ready is GET /readyz.
func (s *Server) ready(context.Context, []byte) *response {
	var err error
	if s.options.Ready != nil {
		err = s.options.Ready()
	}
	if s.stopping() {
		err = errStopping
	}
	if err != nil {
		body, _ := strictjson.Marshal(map[string]string{"status": "not ready", "reason": err.Error()})
		return &response{status: 503, kind: typeJSON, body: body}
	}
	return &response{kind: typeJSON, body: []byte(`{"status":"ready"}`)}
}

// hello is GET /.
func (s *Server) hello(context.Context, []byte) *response {
	var what any = map[string]string{"methods": "POST /rpc"}
	if s.options.Hello != nil {
		what = s.options.Hello()
	}
	body, err := strictjson.Marshal(what)
	if err != nil {
		return httpRefusal(500, "the greeting cannot be sent: %v", err).response(false)
	}
	return &response{kind: typeJSON, body: body}
}
